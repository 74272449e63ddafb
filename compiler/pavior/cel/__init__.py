"""CEL, as far as policies need it: from text to a fast yes in Python, and to the exact answer where that is not yes.

What is evaluated gives what Kubernetes gives; `tools/policies` compares both. What is not is refused.
"""

from pavior.cel.lexer import CelFault
from pavior.cel.parse import parse
from pavior.cel.values import CelError

__all__ = ["CelError", "CelFault", "parse"]

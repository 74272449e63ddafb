"""Policies (guardrails): Kubernetes' own documents with CEL in them, held against what is rendered as an API server would."""

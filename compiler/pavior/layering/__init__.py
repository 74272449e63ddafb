"""How layers become one effective spec: ranks of defaults, their pre-merged stack, the merge, its record of origins."""

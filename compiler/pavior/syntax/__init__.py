"""Reading YAML: scalars of the 1.2 core schema, composition with positions, and words for what is wrong with a file."""

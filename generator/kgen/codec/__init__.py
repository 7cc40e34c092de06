"""Text to Nodes and back: YAML in, canonical YAML out, Jsonnet in."""

"""Style transfer: the content of one picture in the style of others."""

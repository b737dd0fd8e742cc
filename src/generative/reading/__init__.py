"""Raw files read into arrays. Only `prepare` imports these: no model depends on how they do it."""

"""What the models of one family share, one file a family; `train.<key>.family` names it."""

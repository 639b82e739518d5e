import pytest

from mlkit.core.errors import UsageError
from mlkit.core.project import Project

BAD = {
    '[goal.bars]\nroc_auc = "high"': "goal.bars.roc_auc",
    "[goal]\nbars = 0.8": "goal.bars",
    "goal = 3": "goal",
    'use = "x"': "use",
    "[use]\nraw = 3": "use.raw",
    "steps = 3": "steps",
    "[steps]\nclean = 3": "steps.clean",
    '[steps.clean]\ntimeout = "a"': "steps.clean.timeout",
    "[steps.clean]\ntimeout = -1": "steps.clean.timeout",
    "[steps.clean]\ntimeout = nan": "steps.clean.timeout",
    "[steps.clean]\ntimeout = true": "steps.clean.timeout",
    "[steps.clean]\nkernel = 3": "steps.clean.kernel",
    '[steps.clean]\nmanual = "no"': "steps.clean.manual",
    "[steps.clean]\nmemory = []": "steps.clean.memory",
    "profiles = 3": "profiles",
    "[profiles]\nsmoke = 3": "profiles.smoke",
    "[steps.clean]\nmemory = 0": "steps.clean.memory",
    "[steps.clean]\nmemory = -1.5": "steps.clean.memory",
    "[steps.clean]\nmemory = nan": "steps.clean.memory",
    '[steps.clean]\nmemory = "lots"': "steps.clean.memory",
    '[steps.clean]\nmemory = "0 GiB"': "steps.clean.memory",
    "[steps.clean]\ncpus = 0": "steps.clean.cpus",
    "[steps.clean]\ncpus = -1": "steps.clean.cpus",
    "[steps.clean]\ncpus = 1.5": "steps.clean.cpus",
    '[steps.clean]\ncpus = "lots"': "steps.clean.cpus",
    "[store]\nfolder = 3": "unknown setting 'store'",
    "policies = []": "policies",
    "[steps.clean]\ntimeoout = 3": "timeoout",
    "more = 3": "more",
}


@pytest.mark.parametrize("text", BAD)
def test_a_setting_of_the_wrong_type_is_named(text, tmp_path):
    (tmp_path / "mlkit.toml").write_text(f"format = 1\n{text}\n")
    with pytest.raises(UsageError, match=BAD[text]) as caught:
        Project.open(tmp_path)
    assert "mlkit.toml" in caught.value.where


def test_right_settings_are_taken(tmp_path):
    (tmp_path / "mlkit.toml").write_text(
        'format = 1\n[goal]\nmetric = "auc"\n[use]\nraw = "collect"\n'
        "[steps.clean]\ntimeout = 2.5\nmanual = true\ncpus = 2\nmemory = '2 GiB'\n"
        "[steps.train]\nmemory = 0.5\n[steps.test]\nmemory = '512MiB'\n"
        '[profiles.smoke]\n"tune.trials" = 3\n'
    )
    assert Project.open(tmp_path).config("steps.clean.timeout") == 2.5

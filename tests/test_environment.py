"""Both ways to install ask for the same, and what is installed is whole."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {"matplotlib-base": "matplotlib", "python-duckdb": "duckdb", "python-isal": "isal"}


def asked_by_pyproject() -> dict[str, SpecifierSet]:
    texts = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
    asked = [Requirement(text) for text in texts]
    return {canonicalize_name(one.name): one.specifier for one in asked}


def asked_by_conda() -> dict[str, SpecifierSet]:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    from_pip = next(part["pip"] for part in listed if isinstance(part, dict))
    texts = [part for part in [*listed, *from_pip] if isinstance(part, str) and part[0] != "-"]
    asked = [Requirement(text) for text in texts]
    names = [canonicalize_name(CONDA_NAMES.get(one.name, one.name)) for one in asked]
    assert len(names) == len(set(names)), "a package is listed twice"
    return dict(zip(names, (one.specifier for one in asked), strict=True))


def test_environment_yml_asks_for_what_pyproject_asks():
    conda = asked_by_conda()
    assert conda.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert conda.pop("pip") == SpecifierSet()
    assert conda == asked_by_pyproject()


def test_environment_yml_installs_the_checkout_itself():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert "--editable ." in listed[-1]["pip"]


def test_the_wheel_carries_notebooks_queries_sql_and_styles(tmp_path):
    building = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", building, str(tmp_path)], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    carried = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "fulfilltools"
    beside_python = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".py"}
    }
    notebooks = {
        f"fulfilltools/shipped_{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "notebooks").glob("*.ipynb")
    }
    assert len(notebooks) >= 3
    assert beside_python | notebooks <= carried
    assert not [name for name in carried if "checkpoint" in name or "scratch" in name]

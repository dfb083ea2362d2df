"""apparmor-utils: the parser behind aa-logprof and its kin. argv: the folder of its modules, its version."""

import contextlib
import io
import sys
import types

sys.path.insert(0, sys.argv[1])
# Its reader of logs needs this library, which is compiled for another Python; its parser does not.
sys.modules["LibAppArmor"] = types.ModuleType("LibAppArmor")

from apparmor import aa, profile_list  # noqa: E402
from apparmor.common import AppArmorBug, AppArmorException  # noqa: E402
from rounds import measure  # noqa: E402

# As for the others, the file alone is parsed, without what it includes.
aa.profile_dir = "/"
aa.load_include = lambda *_: None
aa.cfg = {"required_hats": {}}


def parse(name, text):
    aa.active_profiles = profile_list.ProfileList()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            aa.parse_profile_data(text.splitlines(keepends=True), name, 0, True)
        return True
    except (AppArmorException, AppArmorBug):
        return False


measure(sys.argv[2], parse)

"""apparmor-language-server, as its server parses an open document, without includes."""

import importlib.metadata

from apparmor_language_server.parser import has_syntax_errors, parse_document
from rounds import measure


def parse(name, text):
    _, errors = parse_document("file:///nowhere" + name, text, [])
    return not has_syntax_errors(errors)


measure(importlib.metadata.version("apparmor-language-server"), parse)

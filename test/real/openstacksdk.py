"""Runs `openstack volume service list` once for each case on stdin, each in a process of its own, and prints how it ended.

A case is {"name", "cwd", "home", "env"}; a line of the answer is {"name", "ok", "said"}.
"""

import io
import json
import os
import sys
import warnings

warnings.simplefilter('ignore')
from openstack.config import loader  # noqa: E402
from openstackclient import shell  # noqa: E402


def run(case):
    os.environ.clear()
    os.environ.update({'PATH': '/usr/bin:/bin', 'HOME': case['home'], **case['env']})
    os.chdir(case['cwd'])
    places = [case['cwd'], os.path.join(case['home'], '.config', 'openstack')]
    for kind, name in (('CONFIG_FILES', 'clouds'), ('SECURE_FILES', 'secure'), ('VENDOR_FILES', 'clouds-public')):
        setattr(loader, kind, [os.path.join(place, name + end) for place in places for end in ('.yaml', '.yml', '.json')])
    said = io.StringIO()
    sys.stderr = sys.stdout = said
    sys.stdin = open(os.devnull)
    try:
        code = shell.main(['volume', 'service', 'list', '-f', 'json'])
    except SystemExit as end:
        code = end.code
    except Exception as error:
        code = 1
        said.write(repr(error))
    return code == 0 and '"cinder-volume"' in said.getvalue(), said.getvalue()[-1500:]


for case in json.load(sys.stdin):
    reader, writer = os.pipe()
    if os.fork() == 0:
        ok, text = run(case)
        os.write(writer, json.dumps({'name': case['name'], 'ok': ok, 'said': text}).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        print(answer.read(), flush=True)
    os.wait()

"""Writes supervisord's configuration. Pure.

It names neither settings nor secrets: those go to the programs through the environment.
"""

import shlex
from collections.abc import Iterable

from embedded.programs import BROKER, Program

SUPERVISOR = """\
[supervisord]
nodaemon=true
silent=true
logfile=%(here)s/logs/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
pidfile=%(here)s/supervisord.pid
nocleanup=true
minfds=256
minprocs=64
"""
# `%%` in the log's name, since supervisord expands this one option twice.
PROGRAM = """\
[program:{name}]
command={command}
environment={environment}
stdout_logfile=%%(here)s/logs/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
redirect_stderr=true
autorestart=true
startsecs=1
startretries=3
stopsignal=TERM
stopwaitsecs={stop_seconds}
stopasgroup=false
killasgroup=true
"""
GROUP = """\
[group:{name}]
programs={programs}
priority={priority}
"""


def render_configuration(programs: Iterable[Program]) -> str:
    """Return the text of the configuration file; it lies in the state folder, which is its `%(here)s`.

    Groups are stopped one after the other, the highest priority first: the broker outlives those who talk to it.
    """
    listed = list(programs)
    own_broker = [program.name for program in listed if program.name == BROKER]
    others = [program.name for program in listed if program.name != BROKER]
    sections = [SUPERVISOR, *(_render_program(program) for program in listed)]
    if own_broker:
        sections.append(_render_group("storage", own_broker, priority=10))
    sections.append(_render_group("sentiq", others, priority=20))
    return "\n".join(sections)


def _render_program(program: Program) -> str:
    return PROGRAM.format(
        name=program.name,
        command=shlex.join(program.command).replace("%", "%%"),
        environment=",".join(f'{name}="{value}"' for name, value in program.environment.items()),
        stop_seconds=program.stop_seconds,
    )


def _render_group(name: str, programs: Iterable[str], priority: int) -> str:
    return GROUP.format(name=name, programs=",".join(programs), priority=priority)

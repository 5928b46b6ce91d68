"""For each path of a tar on standard input: prints `good`, or why it isn't a tar that everybody can unpack."""
import os
import subprocess
import sys
import tarfile


def fault(path):
    listed = subprocess.run(['tar', '--list', '--file', path], capture_output=True)
    if listed.returncode != 0:
        return 'GNU tar: %r' % listed.stderr[-300:]
    seen = set()
    with tarfile.open(path, errors='surrogateescape') as tar:
        for member in tar:
            name = member.name
            if name.startswith('/') or '..' in name.split('/') or '\0' in name:
                return 'the path %r' % name
            if name in seen:
                return 'the path %r twice' % name
            if member.islnk() and member.linkname not in seen:
                return 'the hard link %r to %r, which does not precede it' % (name, member.linkname)
            seen.add(name)
    if listed.stdout.count(b'\n') != len(seen):
        return '%d members by GNU tar, %d by tarfile' % (listed.stdout.count(b'\n'), len(seen))
    return None


for line in sys.stdin:
    try:
        found = fault(line.rstrip('\n'))
    except Exception as error:
        found = 'tarfile: %r' % error
    try:
        print('good' if found is None else found.replace('\n', ' '), flush=True)
    except BrokenPipeError:
        # Whoever asked has been ended.
        os._exit(0)

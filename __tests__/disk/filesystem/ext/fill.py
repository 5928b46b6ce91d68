"""Fills a mounted ext filesystem with what is legal but unusual: `fill.py DIRECTORY BLOCK_SIZE [large-attributes]`."""
import errno, os, subprocess, sys

top, block = sys.argv[1], int(sys.argv[2])
# Nothing is left in the checkout.
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from unusual import *

os.chdir(top)
os.umask(0o022)


def unwritten():
    """Not every configuration has extents, and only extents can be unwritten."""
    file = os.open('unwritten', os.O_CREAT | os.O_RDWR)
    try:
        os.posix_fallocate(file, 0, 1 << 20)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
    os.pwrite(file, b'written', 500_000)
    os.close(file)
    put('beyond', b'short')
    subprocess.run(['fallocate', '--keep-size', '-l', '500000', 'beyond'], stderr=subprocess.DEVNULL)


with new_folder('contents'):
    contents(
        block,
        sizes=(0, 1, 59, 60, 61, 100, 130, 150, 155, 156, 157, 160, 161, 300, block - 1, block, block + 1, 12 * block, 13 * block + 5, 3_000_000),
        # The last is reached by three levels of indirect blocks, where that isn't too far.
        written_at=(0, 5 * block, 12 * block, (12 + block // 4) * block + 7, 5_000_000, 68_000_000 if block == 1024 else 8_000_000),
        pieces=min(800, 4_000_000 // block),
    )
    unwritten()
with new_folder('names'):
    names()
partly_removed('many', 5000 if block == 4096 else 2000)
for count in (1, 2, 3, 5, 8, 20):
    with new_folder('few%d' % count):
        for index in range(count):
            put('entry%d' % index)
emptied_and_deep()
with new_folder('kinds'):
    symlinks((1, 59, 60, 61, 150, 200, min(block, 4096) - 1), labelled=(1, 59, 60, 61))
    kinds(largest_device=(4095, 1048575))
with new_folder('times'):
    times()
with new_folder('attributes'):
    attributes(block)
    for index in range(4):
        put('shared%d' % index)
        os.setxattr('shared%d' % index, 'user.shared', b'the same' * 40)
    if 'large-attributes' in sys.argv:
        large_attributes((5000, 20_000, 65_000))

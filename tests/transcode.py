#!/usr/bin/env python3
"""A copy of a folder of labelled pages, re-encoded as GBK: most saved pages are UTF-8, many live ones are not.

    transcode.py FOLDER COPY

Each page is decoded, its `<meta charset>` is made to say gb2312 as such pages do, and what GBK cannot write becomes a character
reference. The labels stay as they are. Standard library only.
"""
import json
import re
import sys
from pathlib import Path

DECLARED = re.compile(r"""(charset\s*=\s*["']?)[\w-]+""", re.IGNORECASE)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, copy = Path(sys.argv[1]), Path(sys.argv[2])
    labels = (source / "labels.jsonl").read_text(encoding="utf-8")
    for line in filter(str.strip, labels.splitlines()):
        label = json.loads(line)
        text = (source / label["file"]).read_bytes().decode(label["charset"], errors="replace")
        text = DECLARED.sub(r"\1gb2312", text, count=1)
        target = copy / label["file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("gbk", errors="xmlcharrefreplace"))
    (copy / "labels.jsonl").write_text(labels, encoding="utf-8")


if __name__ == "__main__":
    main()

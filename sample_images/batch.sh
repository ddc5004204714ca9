#!/bin/sh
# Find the edges of every image below a folder, and write pictures and maps into the same tree elsewhere.
#
#   sh batch.sh [PHOTOS [RESULTS]]
#
# Run it again, and only what is new or changed is done; change an option below, and everything is.
set -u
photos=${1:-.}
results=${2:-results}

mkdir -p "$results"

# photos/a/b.jpg becomes results/edges/a/b.png, results/magnitude/a/b.png and results/angle/a/b.png.
# RESULTS may lie in PHOTOS: what is written there is not taken for photographs.
# Words and the progress bar go to the terminal; a line of JSON for each image, and one for all, into the log.
imfilter edges "$photos" --recursive --update --to png --json \
    --output "$results/edges/" --magnitude "$results/magnitude/" --angle "$results/angle/" --op scharr \
    > "$results/log.jsonl"
code=$?

case $code in
0) ;;
1) echo "batch.sh: some images failed, all others are done: grep failed $results/log.jsonl" >&2 ;;
2) echo "batch.sh: the call is wrong, nothing was done" >&2 ;;
*) echo "batch.sh: interrupted; run it again, and it goes on where it was" >&2 ;;
esac
exit $code

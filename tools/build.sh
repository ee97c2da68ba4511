#!/bin/bash
# tools/build.sh run|all|asan: the program alone or everything in build/ (gcc), or everything in build-asan/ (clang, ASan, UBSan).
. "$(dirname "$0")/lib.sh"

folder=build
options=(-Dwerror=true)
targets=(all)
case "$1" in
run) targets=(src/querywarden) ;;
asan)
	folder=build-asan
	options+=(-Db_sanitize=address,undefined -Db_lundef=false)
	export CC=clang
	;;
esac
if [[ ! -f $folder/build.ninja ]]; then
	rm -rf "$folder"
	step "setting up $folder" meson setup "$folder" "${options[@]}" || { rm -rf "$folder"; exit 1; }
fi
step "building $folder" ninja -C "$folder" --quiet -k 0 "${targets[@]}"

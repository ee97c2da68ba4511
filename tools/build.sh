#!/bin/bash
# tools/build.sh [asan]: sets up and builds build/ (gcc), or build-asan/ (clang, AddressSanitizer, UBSan).
. "$(dirname "$0")/lib.sh"

folder=build
options=(-Dwerror=true)
if [[ "${1:-}" == asan ]]; then
	folder=build-asan
	options+=(-Db_sanitize=address,undefined -Db_lundef=false)
	export CC=clang
fi
if [[ ! -f $folder/build.ninja ]]; then
	rm -rf "$folder"
	step "setting up $folder" meson setup "$folder" "${options[@]}" || { rm -rf "$folder"; exit 1; }
fi
step "building $folder" ninja -C "$folder"

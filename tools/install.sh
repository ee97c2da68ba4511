#!/bin/bash
# tools/install.sh GROUP...: installs what is missing of tools/packages.txt, and the npm packages that these groups need.
. "$(dirname "$0")/lib.sh"

missing() { # packages of the groups $@
	local group package program
	while read -r group package program; do
		[[ " $* " == *" $group "* ]] || continue
		[[ -n "$program" ]] && command -v "$program" >/dev/null && continue
		[[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
	done < <(sed 's/#.*//' tools/packages.txt)
}

apt() {
	local as=()
	[[ $EUID -eq 0 ]] || as=(sudo)
	"${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}

# A server of our own is started for each test: installing PostgreSQL shall not start one more.
quiet_server() {
	local conf=/etc/postgresql-common/createcluster.d/querywarden.conf as=()
	[[ $EUID -eq 0 ]] || as=(sudo)
	if [[ $1 == begin ]]; then
		"${as[@]}" mkdir -p "${conf%/*}" && echo 'create_main_cluster = false' | "${as[@]}" tee "$conf"
	else
		"${as[@]}" rm -f "$conf"
	fi
}

npm_folders() { # that have not been installed since their lock file changed
	local lock folder
	[[ " $* " == *" run "* ]] || return 0
	for lock in tests/support/issuer/package-lock.json $([[ " $* " != *" test "* ]] || find tests -name package-lock.json -not -path '*/node_modules/*'); do
		folder=${lock%/*}
		[[ $folder/node_modules/.package-lock.json -nt $lock ]] || echo "$folder"
	done | sort -u
}

packages=$(missing "$@")
if [[ -n "$packages" ]]; then
	if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
		say "These packages are missing; install them as root:" "  apt-get install" $packages
		exit 1
	fi
	step "reading the package lists" apt update
	[[ "$packages" != *postgresql-15* ]] || step "keeping PostgreSQL's own server off" quiet_server begin
	step "installing $(wc -w <<<"$packages") Debian packages" apt install --no-install-recommends $packages
	[[ "$packages" != *postgresql-15* ]] || quiet_server end >>"$log" 2>&1
fi
for folder in $(npm_folders "$@"); do
	step "installing npm packages of ${folder#tests/}" env -C "$folder" npm ci --no-audit --no-fund
	touch "$folder/node_modules/.package-lock.json"
done

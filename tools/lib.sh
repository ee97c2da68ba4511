# Sourced by ./run, ./test and tools/*.sh: progress lines, and noise in a log that is shown only when something failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022
# Debian's python3 has the modules that we install; a machine may have another one in front of it
export PATH="/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH" LC_ALL=C.UTF-8
mkdir -p .run
log=.run/setup.log

say() { printf '%s\n' "$*"; }

# step TEXT COMMAND...: one line while it runs, the end of its output when it fails
step() {
	local text=$1 begin=$SECONDS lines
	shift
	lines=$(wc -l <"$log" 2>/dev/null || echo 0)
	printf '  %-52s' "$text"
	if "$@" >>"$log" 2>&1 </dev/null; then
		printf ' %4d s\n' $((SECONDS - begin))
	else
		printf ' failed\n\n'
		tail -n +$((lines + 1)) "$log" | tail -n 60
		say "The whole log: $log"
		return 1
	fi
}

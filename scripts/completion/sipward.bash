# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion of sipward's commands, made by `make docs` from their help texts.

_sipward_words() { # WORDS: those that begin with what is typed
	local word
	COMPREPLY=()
	while read -r word; do COMPREPLY+=("$word"); done < <(compgen "$@" -- "${COMP_WORDS[COMP_CWORD]}")
}

_sipward_interfaces() {
	local path names=()
	for path in /sys/class/net/*; do names+=("${path##*/}"); done
	printf '%s ' "${names[@]}"
}

_sipward() {
	local command=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD-1]} words=
	if [ "$COMP_CWORD" = 1 ]; then
		_sipward_words -W "run check diff apply confirm tune status top stats events capture explain audit ban allow lists who doctor detach version --help --version"
		return
	fi
	case $before in
	-i | --interface) _sipward_words -W "$(_sipward_interfaces)"; return ;;
	--vectors) _sipward_words -d; return ;;
	--format) _sipward_words -W "md html json"; return ;;
	--transport) _sipward_words -W "udp tcp"; return ;;
	-p | --policy) _sipward_words -f; return ;;
	--confirm | --count | --for | --from | --note | --since | --source | --zone | --user) return ;;
	esac
	case $command in
	run) words="--help --interface --keep --policy -h -i -k -p" ;;
	check) words="--help --json -h -j" ;;
	diff) words="--help --json -h -j" ;;
	apply) words="--confirm --help --json -c -h -j" ;;
	confirm) words="--help --json -h -j" ;;
	tune) words="--for --help --json --reset -h -j" ;;
	status) words="--help --json --verbose -h -j -v" ;;
	top) words="--help --json --once -1 -h -j" ;;
	stats) words="--help --json -h -j" ;;
	events) words="--count --follow --help --json --reason --reconnect --since --source --zone -f -h -j -n" ;;
	capture) words="--count --for --help -f -h -n" ;;
	explain) words="--from --help --json --policy --transport -f -h -j -p -t" ;;
	audit) words="--format --help --json --policy --vectors -f -h -j -p" ;;
	ban) words="add import del del del list export flush --account --for --help --json --note --skip --user --yes -a -f -h -j -n -s -u -y" ;;
	allow) words="add import del list export flush --for --help --json --note --skip --yes -f -h -j -n -s -y" ;;
	lists) words="take --help --json -h -j" ;;
	who) words="--help --json --policy -h -j -p" ;;
	doctor) words="--help --interface --json --policy -h -i -j -p" ;;
	detach) words="--dry-run --help --interface --json --yes -h -i -j -y" ;;
	version) words="--help --json -h -j" ;;
	esac
	case $command,${COMP_WORDS[COMP_CWORD]} in
	*,-*) ;;
	check,* | diff,* | apply,* | explain,* | capture,*) _sipward_words -f; return ;;
	esac
	_sipward_words -W "$words"
}

complete -o filenames -F _sipward sipward

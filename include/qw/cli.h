/* One function for each subcommand; argv[0] is the subcommand. Returns the exit status: 0, 1 failed, 2 usage. */
#ifndef QW_CLI_H
#define QW_CLI_H

#define CLI_COMMANDS(X) \
	X(serve, "run the gateway: serve --config FILE") \
	X(policy, "policy check FILE | test FILE | explain FILE --role R --database D [--as CLAIMS] 'SQL'") \
	X(explain, "explain --config FILE --as CLAIMS|--token-file F --target T [--role R] [--database D] [--when W] [--json] 'SQL'") \
	X(vault, "vault init | set NAME --user U [--secret-file F] | list | remove NAME   (--config FILE, or --file F --key-file K)") \
	X(approvals, "list approvals: approvals [--all] [--json] --config FILE") \
	X(approve, "approve ID [--token-file F] --config FILE") \
	X(deny, "deny ID --reason TEXT [--token-file F] --config FILE") \
	X(sessions, "list recorded sessions: sessions [--json] [--limit N] --config FILE | --audit DIR") \
	X(replay, "replay ID [--transcript | --json] --config FILE | --audit DIR") \
	X(config, "config check FILE")

#define X(name, help) int cli_##name(int argc, char **argv);
CLI_COMMANDS(X)
#undef X

#endif

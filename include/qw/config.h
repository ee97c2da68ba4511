/* The configuration file -> structs. Strict: unknown and duplicate keys, anchors and tags are errors with line and column. */
#ifndef QW_CONFIG_H
#define QW_CONFIG_H

#include "qw/audit.h"
#include "qw/identity.h"
#include "qw/log.h"
#include "qw/sqlparse.h"
#include "qw/upstream.h"

struct config_listener {
	enum upstream_dialect dialect; /* of those who connect here */
	const struct config_target *target; /* MYSQL: where it leads; the greeting tells its version. Else NULL: by the database's name */
	const char *address; /* numeric or name, without brackets; "::" for all */
	uint16_t port; /* 0: any free one, logged and written to state_dir/listen.json */
	const char *certificate, *key; /* PEM files; TLS is never optional */
};

struct config_issuer {
	struct identity_issuer id;
	const char *jwks_file; /* or */
	bool discovery; /* https://issuer/.well-known/openid-configuration */
	const char *ca_file; /* for discovery; NULL: the system's */
	uint32_t refresh_s, stale_max_s; /* 900, 86400 */
};

struct config_target {
	struct upstream_target up;
	const char **databases; /* the agent's database name = the server's; "*" for any. Of POSTGRES no two targets have the same */
	size_t database_count;
};

enum audit_mode { AUDIT_SPOOLED, AUDIT_STRICT, AUDIT_RELAXED };

struct config_limits {
	struct sqlparse_limits sql;
	uint32_t connections_max; /* 10000 */
	uint32_t connections_per_address_max; /* 0: none */
	uint32_t startup_timeout_ms; /* TLS, startup packet, token: 10000 */
	uint32_t frame_bytes_max; /* of one client message: 16 MiB */
	uint32_t row_bytes_max; /* of one row that must be masked: 16 MiB */
	uint32_t token_bytes_max; /* 16 KiB */
	uint32_t verdict_cache_entries; /* 4096 */
};

struct config {
	const char *file; /* where it was read from */
	const char *name; /* of this gateway, in records */
	const char *state_dir;
	struct config_listener *listeners;
	size_t listener_count;
	struct config_issuer *issuers;
	size_t issuer_count;
	struct config_target *targets;
	size_t target_count;
	const char *vault_file, *vault_key_file;
	const char *mask_key; /* name in the vault of the key for hash masks */
	const char *policy_file;
	struct audit_options audit;
	enum audit_mode audit_mode;
	uint32_t rows_kept_bytes; /* of each response in the record: 64 KiB */
	uint32_t hold_s, approval_expires_s, notice_every_s; /* 25, 900, 20 */
	const char *admin_socket;
	const uint32_t *admin_uids; /* besides root and our own */
	size_t admin_uid_count;
	const char *http_address; /* loopback; NULL: off */
	uint16_t http_port;
	struct config_limits limits;
	enum qw_log_level log_level;
	struct qw_arena arena; /* owns all of the above */
};

struct config_problem {
	unsigned line, column; /* from 1; 0: the file could not be read at all */
	char text[1024]; /* "file:line:column: what is wrong: what to write instead" */
};
/*
 * Relative paths are resolved against the file's folder. CONFIG, IO, NOMEM: *problem is filled and *out needs no fini
 * (config_fini of it is harmless). Opens nothing but `file`: whether the paths in it exist is found out by their users.
 */
int config_load(const char *file, struct config *out, struct config_problem *problem) QW_MUST_CHECK;
void config_fini(struct config *c);

#endif

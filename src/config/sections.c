/* The sections that are maps: vault, policy, audit, approvals, admin, http, limits, log. */
#include "config_int.h"

#include <sys/un.h>

/* A section that may be left out; *out is NULL then. */
static bool section(struct loader *l, const struct yaml_node *root, const char *key,
	const char *const *known, const struct yaml_node **out)
{
	*out = yaml_get(root, key);
	return !*out || yaml_only(&l->r, *out, known);
}

static bool read_vault(struct loader *l, const struct yaml_node *root)
{
	static const char *const keys[] = {"file", "key_file", "mask_key", NULL};
	const struct yaml_node *n = yaml_need(&l->r, root, "vault");

	return n && yaml_only(&l->r, n, keys) && need_path(l, n, "file", &l->c->vault_file) &&
	       need_path(l, n, "key_file", &l->c->vault_key_file) &&
	       value_string(l, n, "mask_key", &l->c->mask_key);
}

static bool read_policy(struct loader *l, const struct yaml_node *root)
{
	static const char *const keys[] = {"file", NULL};
	const struct yaml_node *n = yaml_need(&l->r, root, "policy");

	return n && yaml_only(&l->r, n, keys) && need_path(l, n, "file", &l->c->policy_file);
}

static bool read_audit(struct loader *l, const struct yaml_node *root)
{
	static const char *const keys[] = {"directory", "mode", "rows_kept_bytes", "ring_bytes",
		"map_bytes", "sync_ms", "commit_records", "commit_bytes", "commit_ms", NULL};
	static const char *const modes[] = {[AUDIT_SPOOLED] = "spooled",
		[AUDIT_STRICT] = "strict",
		[AUDIT_RELAXED] = "relaxed",
		NULL};
	const struct yaml_node *n = yaml_need(&l->r, root, "audit");
	struct audit_options *o = &l->c->audit;
	unsigned mode = AUDIT_SPOOLED;

	if (!n || !yaml_only(&l->r, n, keys) || !need_path(l, n, "directory", &o->directory) ||
		!value_word(l, n, "mode", modes, &mode) ||
		!value_size(l, n, "ring_bytes", (struct value_range){1 << 16, 1u << 30},
			&o->ring_bytes) ||
		!value_size(l, n, "map_bytes", (struct value_range){1 << 20, 1ull << 46},
			&o->map_bytes) ||
		!value_u32(l, n, "sync_ms", (struct value_range){1, 1000}, &o->sync_ms) ||
		!value_u32(l, n, "commit_records", (struct value_range){1, 1 << 20},
			&o->commit_records) ||
		!value_u32(
			l, n, "commit_bytes", (struct value_range){1, 1 << 28}, &o->commit_bytes) ||
		!value_u32(l, n, "commit_ms", (struct value_range){0, 1000}, &o->commit_ms) ||
		!value_u32(l, n, "rows_kept_bytes", (struct value_range){0, 1 << 24},
			&l->c->rows_kept_bytes))
		return false;
	l->c->audit_mode = (enum audit_mode)mode;
	if ((o->ring_bytes & (o->ring_bytes - 1)) == 0)
		return true;
	yaml_fail(&l->r, yaml_get(n, "ring_bytes"),
		"ring_bytes must be a power of two: write 16777216, for example");
	return false;
}

static bool read_approvals(struct loader *l, const struct yaml_node *root)
{
	static const char *const keys[] = {"hold_s", "expires_s", "notice_every_s", NULL};
	const struct yaml_node *n;
	struct config *c = l->c;

	if (!section(l, root, "approvals", keys, &n) ||
		!value_u32(l, n, "hold_s", (struct value_range){0, 86400}, &c->hold_s) ||
		!value_u32(l, n, "expires_s", (struct value_range){1, 604800},
			&c->approval_expires_s) ||
		!value_u32(
			l, n, "notice_every_s", (struct value_range){1, 3600}, &c->notice_every_s))
		return false;
	if (c->approval_expires_s >= c->hold_s)
		return true;
	yaml_fail(&l->r, n,
		"expires_s (%u) is less than hold_s (%u): an approval would expire while its "
		"statement waits",
		c->approval_expires_s, c->hold_s);
	return false;
}

static bool read_uids(struct loader *l, const struct yaml_node *n)
{
	const struct yaml_node *item;
	uint32_t *uids;
	size_t i;

	if (!n)
		return true;
	if (!yaml_expect(&l->r, n, YAML_LIST))
		return false;
	uids = qw_arena_alloc(l->r.arena, n->count * sizeof(*uids));
	if (!uids) {
		yaml_fail(&l->r, n, "out of memory");
		return false;
	}
	for (item = n->first, i = 0; item; item = item->next, i++) {
		uint64_t uid;

		if (!yaml_u64(&l->r, item, 0, UINT32_MAX - 1, &uid))
			return false;
		uids[i] = (uint32_t)uid;
	}
	l->c->admin_uids = uids;
	l->c->admin_uid_count = n->count;
	return true;
}

static bool read_admin(struct loader *l, const struct yaml_node *root)
{
	static const char *const keys[] = {"socket", "uids", NULL};
	const struct yaml_node *n;
	struct config *c = l->c;

	c->admin_socket = qw_arena_printf(l->r.arena, "%s/admin.sock", c->state_dir);
	if (!c->admin_socket) {
		yaml_fail(&l->r, root, "out of memory");
		return false;
	}
	if (!section(l, root, "admin", keys, &n) || !value_path(l, n, "socket", &c->admin_socket) ||
		!read_uids(l, yaml_get(n, "uids")))
		return false;
	if (strlen(c->admin_socket) < sizeof(((struct sockaddr_un *)0)->sun_path))
		return true;
	yaml_fail(&l->r, n ? n : root,
		"the path of the admin socket is longer than %zu bytes, what a socket allows: set "
		"admin: {socket: ...} to a shorter one",
		sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
	return false;
}

static bool read_http(struct loader *l, const struct yaml_node *root)
{
	static const char *const keys[] = {"address", "port", NULL};
	const struct yaml_node *n;

	if (!section(l, root, "http", keys, &n))
		return false;
	if (!n)
		return true;
	l->c->http_address = "127.0.0.1";
	if (!value_address(l, n, "address", &l->c->http_address) || !yaml_need(&l->r, n, "port") ||
		!value_u16(l, n, "port", (struct value_range){0, 65535}, &l->c->http_port))
		return false;
	if (is_loopback(l->c->http_address))
		return true;
	yaml_fail(&l->r, yaml_get(n, "address"),
		"http has no TLS and no login, so it listens on this machine only: write 127.0.0.1 "
		"or ::1");
	return false;
}

static bool read_limits(struct loader *l, const struct yaml_node *root)
{
	static const char *const keys[] = {"connections", "connections_per_address",
		"startup_timeout_ms", "statement_bytes", "statement_depth", "statements",
		"statement_nodes", "frame_bytes", "row_bytes", "token_bytes",
		"verdict_cache_entries", NULL};
	const struct value_range count = {1, 1000000}, bytes = {1024, 1u << 30};
	struct config_limits *c = &l->c->limits;
	const struct yaml_node *n;

	if (!section(l, root, "limits", keys, &n) ||
		!value_u32(l, n, "connections", count, &c->connections_max) ||
		!value_u32(l, n, "connections_per_address", (struct value_range){0, 1000000},
			&c->connections_per_address_max) ||
		!value_u32(l, n, "startup_timeout_ms", (struct value_range){100, 600000},
			&c->startup_timeout_ms) ||
		!value_size(l, n, "statement_bytes", (struct value_range){64, 1 << 24},
			&c->sql.text_bytes_max) ||
		!value_size(l, n, "statement_depth", (struct value_range){10, 10000},
			&c->sql.depth_max) ||
		!value_size(l, n, "statements", (struct value_range){1, 100000},
			&c->sql.statements_max) ||
		!value_size(l, n, "statement_nodes", (struct value_range){100, 100000000},
			&c->sql.nodes_max) ||
		!value_u32(l, n, "frame_bytes", bytes, &c->frame_bytes_max) ||
		!value_u32(l, n, "row_bytes", bytes, &c->row_bytes_max) ||
		!value_u32(l, n, "token_bytes", (struct value_range){1024, 65536},
			&c->token_bytes_max) ||
		!value_u32(l, n, "verdict_cache_entries", (struct value_range){0, 1000000},
			&c->verdict_cache_entries))
		return false;
	if (c->sql.text_bytes_max <= c->frame_bytes_max)
		return true;
	yaml_fail(&l->r, n,
		"statement_bytes (%zu) does not fit into frame_bytes (%u): raise frame_bytes",
		c->sql.text_bytes_max, c->frame_bytes_max);
	return false;
}

static bool read_log(struct loader *l, const struct yaml_node *root)
{
	static const char *const keys[] = {"level", NULL};
	static const char *const levels[] = {[QW_LOG_ERROR] = "error",
		[QW_LOG_WARN] = "warn",
		[QW_LOG_INFO] = "info",
		[QW_LOG_DEBUG] = "debug",
		NULL};
	unsigned level = QW_LOG_INFO;
	const struct yaml_node *n;

	if (!section(l, root, "log", keys, &n) || !value_word(l, n, "level", levels, &level))
		return false;
	l->c->log_level = (enum qw_log_level)level;
	return true;
}

bool read_sections(struct loader *l, const struct yaml_node *root)
{
	return read_vault(l, root) && read_policy(l, root) && read_audit(l, root) &&
	       read_approvals(l, root) && read_admin(l, root) && read_http(l, root) &&
	       read_limits(l, root) && read_log(l, root);
}

/* The configuration file -> struct config: reading the file, the head of it, and the defaults. */
#include "config_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <limits.h>

enum { FILE_BYTES_MAX = 1 << 20, ARENA_BYTES_MAX = 1 << 26 };

static int problem(struct config_problem *p, int err, const char *fmt, ...) QW_PRINTF(3, 4);

static int problem(struct config_problem *p, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(p->text, sizeof(p->text), fmt, args);
	va_end(args);
	return err;
}

static int read_file(const char *file, struct qw_buf *out, struct config_problem *p)
{
	FILE *f = fopen(file, "re");
	uint8_t part[4096];
	int err = 0;
	size_t n;

	if (!f)
		return problem(p, QW_E_IO, "%s: cannot be opened: %s", file, strerror(errno));
	while (!err && (n = fread(part, 1, sizeof(part), f)) > 0)
		err = qw_buf_append(out, part, n);
	if (err)
		err = problem(p, QW_E_CONFIG,
			"%s: larger than %d bytes: this is no configuration file", file,
			FILE_BYTES_MAX);
	else if (ferror(f))
		err = problem(p, QW_E_IO, "%s: cannot be read: %s", file, strerror(errno));
	(void)fclose(f);
	return err;
}

/* The absolute folder of `file`, in the arena. */
static const char *folder_of(struct qw_arena *a, const char *file)
{
	const char *slash = strrchr(file, '/'), *copy;
	char *given = slash ? qw_arena_strdup(a, qw_bytes(file, (size_t)(slash - file) + 1))
			    : qw_arena_strdup(a, QW_LIT("."));
	char *real = given ? realpath(given, NULL) : NULL;

	copy = real ? qw_arena_strdup(a, qw_bytes_from(real)) : NULL;
	free(real);
	return copy;
}

static void set_defaults(struct config *c)
{
	c->audit = (struct audit_options){.ring_bytes = 64u << 20,
		.map_bytes = (size_t)64 << 30,
		.sync_ms = 5,
		.commit_records = 8192,
		.commit_bytes = 4 << 20,
		.commit_ms = 100};
	c->rows_kept_bytes = 64 << 10;
	c->hold_s = 25;
	c->approval_expires_s = 900;
	c->notice_every_s = 20;
	c->log_level = QW_LOG_INFO;
	c->limits = (struct config_limits){
		.sql = SQLPARSE_LIMITS_DEFAULT,
		.connections_max = 10000,
		.startup_timeout_ms = 10000,
		.frame_bytes_max = 16 << 20,
		.row_bytes_max = 16 << 20,
		.token_bytes_max = 16 << 10,
		.verdict_cache_entries = 4096,
	};
}

/* The mistake that matters most gets its own words. */
static bool refuse_secrets(struct loader *l, const struct yaml_node *n)
{
	static const char *const words[] = {"password", "passwd", "secret", "pwd", "dsn"};
	size_t i;

	for (; n; n = n->next) {
		const struct yaml_node at = {.line = n->key_line, .column = n->key_column};

		for (i = 0; n->key && i < QW_COUNT(words); i++) {
			if (strcmp(n->key, words[i]) != 0)
				continue;
			yaml_fail(&l->r, &at,
				"secrets do not belong into this file: keep it with `querywarden "
				"vault set NAME` and "
				"write credential: NAME");
			return false;
		}
		if (!refuse_secrets(l, n->first))
			return false;
	}
	return true;
}

static bool read_head(struct loader *l, const struct yaml_node *root)
{
	static const char *const keys[] = {"version", "name", "state_dir", "listen", "issuers",
		"targets", "vault", "policy", "audit", "approvals", "admin", "http", "limits",
		"log", NULL};
	const struct yaml_node *version;
	uint64_t number;

	if (!yaml_expect(&l->r, root, YAML_MAP))
		return false;
	version = yaml_need(&l->r, root, "version");
	if (!version || !yaml_u64(&l->r, version, 1, 1, &number))
		return false;
	return refuse_secrets(l, root) && yaml_only(&l->r, root, keys) &&
	       need_string(l, root, "name", &l->c->name) &&
	       need_path(l, root, "state_dir", &l->c->state_dir);
}

/* The largest record that a session can make has to fit, or its statement could never be recorded. */
static bool check_ring(struct loader *l, const struct yaml_node *root)
{
	enum { BESIDE = 1 << 16 }; /* header, names, rule, objects */
	const struct config *c = l->c;
	size_t largest = (size_t)c->limits.frame_bytes_max + c->limits.sql.text_bytes_max + c->rows_kept_bytes + BESIDE;

	if (largest <= c->audit.ring_bytes / 2)
		return true;
	yaml_fail(&l->r, yaml_get(root, "audit"),
		"a record may need %zu bytes (limits.frame_bytes + limits.statement_bytes + audit.rows_kept_bytes), half the ring "
		"holds %zu: raise audit.ring_bytes or lower these",
		largest, c->audit.ring_bytes / 2);
	return false;
}

static int load_text(
	const char *file, struct qw_bytes text, struct config *c, struct config_problem *p)
{
	struct loader l = {.r.arena = &c->arena, .c = c};
	struct yaml_node *root;
	int err;

	c->file = qw_arena_strdup(&c->arena, qw_bytes_from(file));
	l.folder = folder_of(&c->arena, file);
	if (!c->file || !l.folder)
		return problem(p, QW_E_NOMEM, "%s: out of memory, or its folder has no path", file);
	err = yaml_read(text, &c->arena, &root, &l.r.problem);
	if (!err && !(read_head(&l, root) && read_listeners(&l, root) && read_issuers(&l, root) &&
			    read_targets(&l, root) && join_listeners(&l, root) && read_sections(&l, root) && check_ring(&l, root)))
		err = QW_E_CONFIG;
	if (!err)
		return 0;
	p->line = l.r.problem.line;
	p->column = l.r.problem.column;
	return problem(p, err, "%s:%u:%u: %s", file, p->line, p->column, l.r.problem.text);
}

int config_load(const char *file, struct config *out, struct config_problem *p)
{
	struct qw_buf text;
	int err;

	*out = (struct config){0};
	*p = (struct config_problem){0};
	qw_arena_init(&out->arena, ARENA_BYTES_MAX);
	qw_buf_init(&text, FILE_BYTES_MAX);
	set_defaults(out);
	err = read_file(file, &text, p);
	if (!err)
		err = load_text(file, qw_buf_pending(&text), out, p);
	qw_buf_fini(&text);
	if (err)
		config_fini(out);
	return err;
}

void config_fini(struct config *c)
{
	struct qw_arena arena;

	if (!c)
		return;
	arena = c->arena;
	qw_arena_fini(&arena);
	*c = (struct config){0};
}

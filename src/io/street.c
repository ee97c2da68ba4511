/* The street as a whole: opened in order, run, closed in reverse. And what control/ asks of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "street.h"

enum { LIMITS_ENTRIES = 100000, CLOSE_PATIENCE_MS = 15000, APART_EVERY_US = 100000 };

static uint64_t clock_us(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* One look at a clock for each event; how far the two are apart is asked ten times a second. Loop thread only. */
struct session_now street_now(void)
{
	static uint64_t apart_us, asked_us;
	uint64_t mono_us = clock_us(CLOCK_MONOTONIC);

	if (asked_us == 0 || mono_us - asked_us >= APART_EVERY_US) {
		asked_us = mono_us;
		apart_us = clock_us(CLOCK_REALTIME) - mono_us;
	}
	return (struct session_now){.mono_us = mono_us, .wall_us = mono_us + apart_us};
}

/* ---- opening ---- */

static int open_state_dir(struct street *s, char *why, size_t why_size)
{
	if (mkdir(s->config->state_dir, 0700) == 0 || errno == EEXIST)
		return 0;
	(void)snprintf(why, why_size, "state_dir %s: %s", s->config->state_dir, strerror(errno));
	return QW_E_IO;
}

static int open_vault(struct street *s, char *why, size_t why_size)
{
	const struct config *c = s->config;
	struct vault_secret key = {0};
	int err = vault_open(c->vault_file, c->vault_key_file, &s->vault, why, why_size);

	if (err || !c->mask_key)
		return err;
	err = vault_get(s->vault, c->mask_key, &key);
	if (err) {
		(void)snprintf(why, why_size, "vault: the mask key %s: %s", c->mask_key, qw_error_text(err));
		return err;
	}
	s->mask_key = mask_key_new(qw_bytes(key.secret, key.secret_bytes));
	vault_secret_free(&key);
	return s->mask_key ? 0 : QW_E_NOMEM;
}

/*
 * Worker threads leave before libcrypto cleans up (exit handlers run in reverse order, and libcrypto's is registered by
 * now): each holds a random generator of its own.
 */
static void join_workers(void)
{
	uv_library_shutdown();
}

static int open_loop(struct street *s)
{
	static bool is_registered;
	char size[8];

	if (!is_registered && OPENSSL_init_ssl(0, NULL) == 1)
		is_registered = atexit(join_workers) == 0;
	(void)snprintf(size, sizeof(size), "%d", (int)THREADPOOL_SIZE);
	(void)setenv("UV_THREADPOOL_SIZE", size, 0);
	if (uv_loop_init(&s->loop))
		return QW_E_NOMEM;
	s->loop_is_open = true;
	s->loop.data = s;
	s->verdicts = verdict_cache_new(s->config->limits.verdict_cache_entries);
	s->limits = limits_table_new(LIMITS_ENTRIES);
	return s->verdicts && s->limits ? 0 : QW_E_NOMEM;
}

static int open_rooms(struct street *s, char *why, size_t why_size)
{
	int err = 0;

	if (sqlparse_postgres_selfcheck()) {
		(void)snprintf(why, why_size, "the SQL parser is not the one that this program was built for");
		return QW_E_UNSUPPORTED;
	}
	if (!err)
		err = open_state_dir(s, why, why_size);
	if (!err)
		err = open_vault(s, why, why_size);
	if (!err)
		err = open_loop(s);
	if (!err)
		err = operate_open(s, why, why_size);
	if (!err)
		err = recorder_open(s, &s->recorder, why, why_size);
	if (!err)
		err = operate_policy_load(s, why, why_size);
	if (!err)
		err = catalogs_open(s, &s->catalogs);
	if (!err)
		err = parser_open(s, &s->parser);
	if (!err)
		err = identify_open(s, why, why_size);
	if (!err)
		err = listen_open(s, why, why_size);
	return err;
}

int street_open(const struct config *c, struct street **out, char *why, size_t why_size)
{
	struct street *s = calloc(1, sizeof(*s));
	int err;

	*out = NULL;
	(void)snprintf(why, why_size, "%s", qw_error_text(QW_E_NOMEM));
	if (!s)
		return QW_E_NOMEM;
	s->config = c;
	s->reserve_fd = -1;
	s->started_us = street_now().mono_us;
	err = open_rooms(s, why, why_size);
	if (err) {
		street_close(s);
		return err;
	}
	*out = s;
	return 0;
}

/* ---- running ---- */

void street_conn_gone(struct street *s)
{
	if (!s->is_draining || s->conn_count > 0)
		return;
	s->is_done = true;
	uv_stop(&s->loop);
}

static void note_life(struct street *s, enum qw_record_type type)
{
	const struct recorder_note n = {
		.type = type, .version = QW_VERSION, .policy_revision = policy_revision(street_policy(s))};

	recorder_note(s, &n);
}

int street_run(struct street *s)
{
	note_life(s, QW_RECORD_GATEWAY_START);
	operate_ready(s);
	while (!s->is_done)
		(void)uv_run(&s->loop, UV_RUN_DEFAULT);
	note_life(s, QW_RECORD_GATEWAY_STOP);
	qw_log(QW_LOG_INFO, "gateway.stopped", NULL);
	return s->was_cut ? 1 : 0;
}

/* ---- closing ---- */

/* Until every job is back; false: something blocks a worker for too long. */
static bool wait_for_jobs(struct street *s)
{
	uint64_t until_us = street_now().mono_us + CLOSE_PATIENCE_MS * 1000ULL;

	while (s->jobs > 0 && street_now().mono_us < until_us) {
		(void)uv_run(&s->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
	return s->jobs == 0;
}

/* A worker still uses the vault and the configuration: the process ends, and what it uses stays until then. */
static void close_abandoned(struct street *s)
{
	qw_log(QW_LOG_WARN, "gateway.abandoned", "detail", "a database connection is still being opened", NULL);
	if (s->recorder)
		recorder_close(s->recorder);
}

void street_close(struct street *s)
{
	if (!s)
		return;
	while (s->conns)
		conn_close(s->conns);
	listen_stop(s);
	identify_close(s);
	if (s->loop_is_open && !wait_for_jobs(s)) {
		close_abandoned(s);
		return;
	}
	parser_close(s->parser);
	s->parser = NULL;
	catalogs_close(s->catalogs);
	s->catalogs = NULL;
	recorder_close(s->recorder);
	operate_close(s);
	operate_policies_free(s, true);
	verdict_cache_free(s->verdicts);
	limits_table_free(s->limits);
	if (s->loop_is_open) {
		for (int i = 0; i < 1000 && uv_run(&s->loop, UV_RUN_NOWAIT); i++)
			uv_sleep(1);
		(void)uv_loop_close(&s->loop);
	}
	listen_close(s);
	mask_key_free(s->mask_key);
	vault_close(s->vault);
	free(s);
}

/* ---- what control/ asks ---- */

void *street_loop(struct street *s)
{
	return &s->loop;
}

uint16_t street_port(const struct street *s, size_t listener)
{
	return s->listeners[listener].port;
}

void street_http_port_set(struct street *s, uint16_t port)
{
	s->http_port = port;
}

struct audit *street_audit(struct street *s)
{
	return s->audit;
}

const struct config *street_config(const struct street *s)
{
	return s->config;
}

const struct policy *street_policy(const struct street *s)
{
	return s->policy_now ? s->policy_now->policy : NULL;
}

void street_stats_get(const struct street *s, struct street_stats *out)
{
	*out = s->totals;
	for (const struct conn *c = s->conns; c; c = c->next) {
		struct session_info info = {0};

		session_info_get(c->session, &info);
		out->statements += info.statements;
		out->refused += info.refused;
		out->held += info.held;
		out->rows += info.rows;
		out->masked_rows += info.masked_rows;
		out->found_masked += info.found_masked;
		out->found_flagged += info.found_flagged;
	}
	out->sessions_open = s->conn_count;
	out->uptime_s = (street_now().mono_us - s->started_us) / 1000000;
	out->draining = s->is_draining;
}

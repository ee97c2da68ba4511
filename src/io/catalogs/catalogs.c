/*
 * Snapshots of what the databases contain, one for each (target, database), and the labels that are laid over them, one for
 * each (snapshot, policy, role). Both are made on worker threads, once for however many sessions wait.
 */
#include <stdlib.h>

#include "catalogs.h"

/*
 * Schema changes that come through the gateway are noticed at once; those from elsewhere by the database's pulse: another beat, and
 * the catalog is read again. It is felt every second while sessions with masks are open, and before a session is given labels when
 * that is longer ago. Without a pulse the catalog is read every ten seconds, with one every minute all the same. A snapshot that
 * says the same replaces nothing, so that verdicts stay cached.
 */
enum { TICK_MS = 1000, FELT_US = 2 * 1000000, FRESH_US = 10 * 1000000, FRESH_WITH_PULSE_US = 60 * 1000000 };

static struct database *database_find(struct catalogs *all, const struct config_target *target, const char *name)
{
	struct database *d = all->list;

	while (d && (d->target != target || strcmp(d->name, name) != 0))
		d = d->next;
	if (d)
		return d;
	d = calloc(1, sizeof(*d));
	if (d)
		d->name = strdup(name);
	if (!d || !d->name) {
		free(d);
		return NULL;
	}
	d->target = target;
	d->valid_from = 1;
	d->next = all->list;
	all->list = d;
	return d;
}

/* The database that the session is in. */
static struct database *database_of(struct conn *c)
{
	const struct config *config = c->street->config;
	struct session_info info = {0};

	session_info_get(c->session, &info);
	for (size_t i = 0; info.target && info.database && i < config->target_count; i++)
		if (strcmp(config->targets[i].up.name, info.target) == 0)
			return database_find(c->street->catalogs, &config->targets[i], info.database);
	return NULL;
}

const struct policy_role *catalogs_role_of(struct conn *c)
{
	struct session_info info = {0};

	session_info_get(c->session, &info);
	if (!info.role || !info.database || !c->is_identified)
		return NULL;
	return policy_role_find(c->policy_now->policy, info.role, info.database, c->principal.claims,
		c->principal.claim_count);
}

static bool is_enough(const struct database *d, uint64_t generation, uint64_t newer_than)
{
	return generation > newer_than && generation >= d->valid_from;
}

/* Unless its pulse says otherwise. */
static bool may_be_fresh(const struct database *d, uint64_t newer_than)
{
	return d->snapshot && is_enough(d, d->generation, newer_than) &&
		street_now().mono_us - d->loaded_us < (d->beat ? FRESH_WITH_PULSE_US : FRESH_US);
}

static bool is_fresh(const struct database *d, uint64_t newer_than)
{
	return may_be_fresh(d, newer_than) && (!d->beat || street_now().mono_us - d->felt_us < FELT_US);
}

/* MySQL: a session may be in none; its catalog holds all of them. */
static const char *server_database(const struct database *d)
{
	return *d->name ? d->name : NULL;
}

/* On a worker thread. A pulse that cannot be felt is opened anew the next time; the clock does until then. */
static uint64_t feel(struct vault *v, struct database *d)
{
	struct upstream_failure failure = {.sqlstate = ""};
	uint64_t beat = 0;

	if (!d->pulse && upstream_pulse_open(v, &d->target->up, server_database(d), &d->pulse, &failure))
		d->pulse = NULL;
	if (d->pulse && upstream_pulse(d->pulse, &beat, &failure)) {
		upstream_pulse_free(d->pulse);
		d->pulse = NULL;
		return 0;
	}
	return d->pulse && !beat ? 1 : beat;
}

/* ---- waits ---- */

static void wait_remove(struct catalog_wait *w)
{
	struct database *d = w->database;

	if (d->cursor == w)
		d->cursor = w->next;
	if (w->prev)
		w->prev->next = w->next;
	else
		d->waits = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->conn->catalog_wait = NULL;
	free(w);
}

void catalogs_wait_fail(struct catalog_wait *w)
{
	struct conn *c = w->conn;

	wait_remove(w);
	conn_event_kind(c, SESSION_EV_CATALOG_FAILED);
}

void catalogs_forget(struct conn *c)
{
	if (c->catalog_wait)
		wait_remove(c->catalog_wait);
}

/* ---- reading the catalog ---- */

static void work_load(uv_work_t *w) /* on a worker thread */
{
	struct catalog_job *j = w->data;

	j->beat = feel(j->catalogs->street->vault, j->database); /* before: what changes meanwhile is felt later */
	j->err = upstream_read_catalog(j->catalogs->street->vault, &j->database->target->up, server_database(j->database),
		j->generation, &j->snapshot, &j->failure);
}

static void load_failed(struct database *d, struct catalog_job *j)
{
	qw_log(QW_LOG_WARN, "catalog.failed", "target", d->target->up.name, "database", d->name, "sqlstate",
		j->failure.sqlstate, "detail", j->failure.detail, NULL);
	for (d->cursor = d->waits; d->cursor;) {
		struct catalog_wait *w = d->cursor;

		d->cursor = w->next;
		if (is_enough(d, j->generation, w->newer_than))
			catalogs_wait_fail(w);
	}
}

static void wait_add(struct conn *c, struct database *d, struct catalog_wait *w, uint64_t newer_than)
{
	*w = (struct catalog_wait){.database = d, .conn = c, .newer_than = newer_than, .next = d->waits};
	if (w->next)
		w->next->prev = w;
	d->waits = w;
	c->catalog_wait = w;
}

/* Sessions that were given labels of the former snapshot get new ones unasked. No memory for it: they end. */
static void tell_sessions(struct catalogs *all, struct database *d)
{
	struct conn *next;

	for (struct conn *c = all->street->conns; c; c = next) {
		struct catalog_wait *w;

		next = c->next;
		if (c->catalog_of != d || c->catalog_wait || c->phase != CONN_OPEN)
			continue;
		w = calloc(1, sizeof(*w));
		if (w)
			wait_add(c, d, w, 0);
		else
			conn_event_kind(c, SESSION_EV_CATALOG_FAILED);
	}
}

static void take_snapshot(struct catalogs *all, struct database *d, struct catalog *fresh)
{
	bool is_first = d->snapshot == NULL;

	if (!is_first && catalog_same(d->snapshot, fresh)) {
		catalog_unref(fresh);
		return;
	}
	catalog_unref(d->snapshot);
	d->snapshot = fresh;
	catalogs_evict_labels(d);
	if (!is_first)
		tell_sessions(all, d);
}

static void after_load(uv_work_t *work, int status)
{
	struct catalog_job *j = work->data;
	struct database *d = j->database;
	struct catalogs *all = j->catalogs;

	all->street->jobs--;
	d->loading = 0;
	if (status == 0 && !j->err) {
		d->generation = j->generation;
		d->loaded_us = d->felt_us = street_now().mono_us;
		d->beat = j->beat;
		take_snapshot(all, d, j->snapshot);
	} else {
		load_failed(d, j);
	}
	free(j);
	catalogs_serve(all, d);
}

struct catalog_job *catalogs_job_new(struct catalogs *all, struct database *d)
{
	struct catalog_job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->work.data = j;
	j->catalogs = all;
	j->database = d;
	return j;
}

int catalogs_job_start(struct catalog_job *j, uv_work_cb work, uv_after_work_cb after)
{
	if (!j || uv_queue_work(&j->catalogs->street->loop, &j->work, work, after)) {
		free(j);
		return QW_E_NOMEM;
	}
	j->catalogs->street->jobs++;
	return 0;
}

static int load_start(struct catalogs *all, struct database *d)
{
	struct catalog_job *j;

	if (d->loading)
		return 0; /* when it is done, serve_all looks again */
	if (d->is_feeling) {
		d->wants_load = true;
		return 0;
	}
	j = catalogs_job_new(all, d);
	if (j)
		j->generation = d->counter + 1;
	if (catalogs_job_start(j, work_load, after_load))
		return QW_E_NOMEM;
	d->loading = ++d->counter;
	return 0;
}

/* ---- the pulse ---- */

static void work_feel(uv_work_t *w) /* on a worker thread */
{
	struct catalog_job *j = w->data;

	j->beat = feel(j->catalogs->street->vault, j->database);
}

static void after_feel(uv_work_t *work, int status)
{
	struct catalog_job *j = work->data;
	struct database *d = j->database;
	bool has_changed = status == 0 && j->beat != d->beat;

	j->catalogs->street->jobs--;
	d->is_feeling = false;
	if (has_changed || d->wants_load) {
		d->wants_load = false;
		d->valid_from = d->counter + 1; /* nobody gets labels of what was there before */
		(void)load_start(j->catalogs, d);
	} else if (status == 0) {
		d->felt_us = street_now().mono_us;
	}
	catalogs_serve(j->catalogs, d);
	free(j);
}

static int feel_start(struct catalogs *all, struct database *d)
{
	if (d->loading || d->is_feeling)
		return 0; /* when it is done, serve_all looks again */
	if (catalogs_job_start(catalogs_job_new(all, d), work_feel, after_feel))
		return QW_E_NOMEM;
	d->is_feeling = true;
	return 0;
}

/* ---- serving ---- */

static void give(struct catalog_wait *w, struct label_entry *e)
{
	struct session_event ev = {.kind = SESSION_EV_CATALOG, .labels = e->labels, .seq = w->database->generation};
	struct conn *c = w->conn;

	c->catalog_of = w->database;
	wait_remove(w);
	conn_event(c, &ev);
}

/* Answers the wait, or sees to it that what it needs is under way. */
static void serve(struct catalogs *all, struct catalog_wait *w)
{
	struct database *d = w->database;
	const struct policy_role *role;
	struct label_entry *e;

	if (!is_fresh(d, w->newer_than)) {
		if (may_be_fresh(d, w->newer_than) ? feel_start(all, d) : load_start(all, d))
			catalogs_wait_fail(w);
		return;
	}
	role = catalogs_role_of(w->conn);
	if (!role) {
		catalogs_wait_fail(w);
		return;
	}
	e = *catalogs_find_labels(d, w->conn->policy_now->policy, role, d->snapshot);
	if (!e && catalogs_build_labels(all, d, w->conn, role))
		catalogs_wait_fail(w);
	else if (e && e->labels)
		give(w, e);
}

void catalogs_serve(struct catalogs *all, struct database *d)
{
	for (d->cursor = d->waits; d->cursor;) {
		struct catalog_wait *w = d->cursor;

		d->cursor = w->next;
		serve(all, w);
	}
}

void catalogs_want(struct conn *c, uint64_t newer_than)
{
	struct catalog_wait *w = c->catalog_wait;
	struct database *d = w ? NULL : database_of(c);

	if (w) { /* new labels come unasked already: that answers both */
		w->newer_than = w->newer_than > newer_than ? w->newer_than : newer_than;
		serve(c->street->catalogs, w);
		return;
	}
	w = d ? calloc(1, sizeof(*w)) : NULL;
	if (!w) {
		conn_event_kind(c, SESSION_EV_CATALOG_FAILED);
		return;
	}
	wait_add(c, d, w, newer_than);
	serve(c->street->catalogs, w);
}

static bool is_watched(const struct catalogs *all, const struct database *d)
{
	for (const struct conn *c = all->street->conns; c; c = c->next)
		if (c->catalog_of == d && c->phase == CONN_OPEN)
			return true;
	return false;
}

/* Read at once when sessions with masks are there. Else whoever asks next reads it: our snapshot would hold back a VACUUM. */
void catalogs_stale(struct conn *c)
{
	struct catalogs *all = c->street->catalogs;
	struct database *d = database_of(c);

	if (!d)
		return;
	d->valid_from = d->counter + 1;
	if (d->waits || is_watched(all, d))
		(void)load_start(all, d); /* who finds no memory here, finds out when it asks */
}

static void on_timer(uv_timer_t *t)
{
	struct catalogs *all = t->data;

	for (struct database *d = all->list; d; d = d->next) {
		uint64_t age_us = street_now().mono_us - d->loaded_us;

		if (!is_watched(all, d)) {
			if (!d->loading && !d->is_feeling) { /* nobody needs it: no connection is kept for it */
				upstream_pulse_free(d->pulse);
				d->pulse = NULL;
			}
		} else if (age_us >= (d->beat ? FRESH_WITH_PULSE_US : FRESH_US)) {
			(void)load_start(all, d);
		} else if (d->beat) {
			(void)feel_start(all, d); /* or a second later */
		}
	}
}

/* ---- opening and closing ---- */

int catalogs_open(struct street *s, struct catalogs **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return QW_E_NOMEM;
	(*out)->street = s;
	(*out)->timer.data = *out;
	(void)uv_timer_init(&s->loop, &(*out)->timer);
	(void)uv_timer_start(&(*out)->timer, on_timer, TICK_MS, TICK_MS);
	uv_unref((uv_handle_t *)&(*out)->timer);
	return 0;
}

static void on_timer_closed(uv_handle_t *h)
{
	free(h->data);
}

void catalogs_close(struct catalogs *all) /* no session, no job is left; the policies still are */
{
	struct database *d;

	if (!all)
		return;
	while ((d = all->list)) {
		struct label_entry *e;

		all->list = d->next;
		while ((e = d->labels)) {
			d->labels = e->next;
			labels_unref(e->labels);
			free(e);
		}
		catalog_unref(d->snapshot);
		upstream_pulse_free(d->pulse);
		free(d->name);
		free(d);
	}
	uv_close((uv_handle_t *)&all->timer, on_timer_closed);
}

#include "ledger.h"

#include <errno.h>
#include <stdlib.h>

/*
 * A transaction that stays open keeps LMDB from using any page again, and a person with a pager can
 * hold one for a night: the store would grow until it is full, and a full store denies everything.
 * So records are copied out in batches, and the callbacks run with no transaction open.
 */
enum { BATCH_BYTES = 256 << 10, BATCH_RECORDS = 1024 };

struct audit_reader {
	struct store *store;
};

struct walk;
typedef int (*walk_next)(MDB_cursor *c, struct walk *w, uint64_t *seq); /* LMDB's codes */

struct walk {
	walk_next next;
	enum store_table table;
	const uint8_t *session;
	uint64_t at; /* next sequence number to look for; a walk backwards ends in front of 1 */
	bool at_end;
	struct qw_buf bytes; /* stored values, one after the other */
	struct {
		uint64_t seq;
		size_t n;
	} found[BATCH_RECORDS];
	size_t count;
};

int audit_reader_open(const char *directory, struct audit_reader **out, char *why, size_t why_size)
{
	struct audit_reader *r = calloc(1, sizeof(*r));
	int err;

	*out = NULL;
	if (why_size)
		why[0] = '\0';
	if (!r)
		return QW_E_NOMEM;
	err = store_open_read(directory, &r->store, why, why_size);
	if (err) {
		free(r);
		return err;
	}
	*out = r;
	return 0;
}

void audit_reader_close(struct audit_reader *r)
{
	if (!r)
		return;
	store_release(r->store);
	free(r);
}

/* ---- the three orders ---- */

static int next_by_seq(MDB_cursor *c, struct walk *w, uint64_t *seq)
{
	uint8_t be[8];
	MDB_val key = store_val(be, sizeof(be)), val;
	int rc;

	store_put_be64(be, w->at);
	rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
	if (rc)
		return rc;
	*seq = store_be64(key);
	w->at = *seq + 1;
	w->at_end = w->at == 0;
	return 0;
}

static int next_of_session(MDB_cursor *c, struct walk *w, uint64_t *seq)
{
	uint8_t be[8];
	MDB_val key = store_val(w->session, QW_SESSION_ID_BYTES), val = store_val(be, sizeof(be));
	int rc;

	store_put_be64(be, w->at);
	rc = mdb_cursor_get(c, &key, &val, MDB_GET_BOTH_RANGE);
	if (rc)
		return rc;
	*seq = store_be64(val);
	w->at = *seq + 1;
	w->at_end = w->at == 0;
	return 0;
}

static int next_backwards(MDB_cursor *c, struct walk *w, uint64_t *seq)
{
	uint8_t be[8];
	MDB_val key = store_val(be, sizeof(be)), val;
	int rc;

	store_put_be64(be, w->at);
	rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
	if (rc == MDB_NOTFOUND)
		rc = mdb_cursor_get(c, &key, &val, MDB_LAST);
	else if (rc == 0 && store_be64(key) > w->at)
		rc = mdb_cursor_get(c, &key, &val, MDB_PREV);
	if (rc)
		return rc;
	*seq = store_be64(key);
	w->at = *seq - 1;
	w->at_end = *seq <= 1;
	return 0;
}

/* ---- batches ---- */

static int copy_record(const struct store *s, MDB_txn *txn, struct walk *w, uint64_t seq)
{
	uint8_t be[8];
	MDB_val key = store_val(be, sizeof(be)), val;
	int rc;

	store_put_be64(be, seq);
	rc = mdb_get(txn, s->table[STORE_RECORDS], &key, &val);
	if (rc)
		return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
	if (qw_buf_append(&w->bytes, val.mv_data, val.mv_size))
		return ENOMEM;
	w->found[w->count].seq = seq;
	w->found[w->count++].n = val.mv_size;
	return 0;
}

static int fill_in(const struct store *s, MDB_txn *txn, struct walk *w)
{
	MDB_cursor *c;
	int rc = mdb_cursor_open(txn, s->table[w->table], &c);

	if (rc)
		return rc;
	while (!rc && !w->at_end && w->count < BATCH_RECORDS && w->bytes.n < BATCH_BYTES) {
		uint64_t seq = 0;

		rc = w->next(c, w, &seq);
		if (!rc)
			rc = copy_record(s, txn, w, seq);
	}
	mdb_cursor_close(c);
	if (rc == MDB_NOTFOUND) {
		w->at_end = true;
		rc = 0;
	}
	return rc;
}

static int fill(struct store *s, struct walk *w)
{
	MDB_txn *txn;
	int rc;

	w->count = 0;
	w->bytes.n = w->bytes.off = 0;
	rc = store_begin(s, false, &txn);
	if (rc == MDB_PANIC) { /* a writer has grown the map meanwhile */
		store_reopen(s);
		rc = store_begin(s, false, &txn);
	}
	if (rc)
		return store_error(rc);
	rc = fill_in(s, txn, w);
	store_abort(s, txn);
	return store_error(rc);
}

typedef bool (*stored_cb)(void *ctx, uint64_t seq, MDB_val stored);

static int walk_all(struct store *s, struct walk *w, stored_cb cb, void *ctx)
{
	bool go_on = true;
	int err = 0;

	qw_buf_init(&w->bytes, SIZE_MAX / 4);
	while (!err && go_on && !w->at_end) {
		size_t off = 0;

		err = fill(s, w);
		for (size_t i = 0; !err && go_on && i < w->count; i++) {
			go_on = cb(
				ctx, w->found[i].seq, store_val(w->bytes.p + off, w->found[i].n));
			off += w->found[i].n;
		}
	}
	qw_buf_fini(&w->bytes);
	return err;
}

struct plain {
	audit_record_cb cb;
	void *ctx;
	int err;
};

static bool hand_on(void *ctx, uint64_t seq, MDB_val stored)
{
	struct plain *p = ctx;
	struct qw_bytes record;
	const uint8_t *chain;

	p->err = ledger_split(stored, &record, &chain);
	return p->err == 0 && p->cb(p->ctx, seq, record);
}

static int walk_records(struct audit_reader *r, struct walk start, audit_record_cb cb, void *ctx)
{
	struct plain p = {cb, ctx, 0};
	struct walk *w = malloc(sizeof(*w));
	int err;

	if (!w)
		return QW_E_NOMEM;
	*w = start;
	err = walk_all(r->store, w, hand_on, &p);
	free(w);
	return err ? err : p.err;
}

int audit_each(struct audit_reader *r, uint64_t from_seq, audit_record_cb cb, void *ctx)
{
	return walk_records(r,
		(struct walk){.next = next_by_seq, .table = STORE_RECORDS, .at = from_seq}, cb,
		ctx);
}

int audit_each_of_session(struct audit_reader *r, const uint8_t session[QW_SESSION_ID_BYTES],
	audit_record_cb cb, void *ctx)
{
	return walk_records(r,
		(struct walk){.next = next_of_session, .table = STORE_SESSIONS, .session = session},
		cb, ctx);
}

int audit_each_session(struct audit_reader *r, audit_record_cb cb, void *ctx)
{
	return walk_records(r,
		(struct walk){.next = next_backwards, .table = STORE_OPENS, .at = UINT64_MAX}, cb,
		ctx);
}

/* ---- the chain ---- */

struct check {
	struct qw_digest *digest;
	uint8_t chain[LEDGER_CHAIN_BYTES];
	const uint8_t *session;
	uint64_t good;
	int err;
};

static bool check_one(void *ctx, uint64_t seq, MDB_val stored)
{
	struct check *k = ctx;
	struct qw_record_header h;
	struct qw_bytes record, fields;
	const uint8_t *chain;

	(void)seq;
	k->err = ledger_split(stored, &record, &chain);
	if (!k->err)
		k->err = ledger_chain(k->digest, k->chain, record, k->chain);
	if (!k->err && memcmp(k->chain, chain, LEDGER_CHAIN_BYTES) != 0)
		k->err = QW_E_MALFORMED;
	if (!k->err)
		k->err = qw_record_open(record, &h, &fields);
	if (!k->err && memcmp(h.session, k->session, QW_SESSION_ID_BYTES) != 0)
		k->err = QW_E_MALFORMED;
	if (!k->err)
		k->good++;
	return k->err == 0;
}

int audit_check_session(
	struct audit_reader *r, const uint8_t session[QW_SESSION_ID_BYTES], uint64_t *good)
{
	struct check k = {.digest = qw_digest_new(), .session = session};
	struct walk *w = calloc(1, sizeof(*w));
	int err = QW_E_NOMEM;

	*good = 0;
	if (w && k.digest) {
		w->next = next_of_session;
		w->table = STORE_SESSIONS;
		w->session = session;
		err = walk_all(r->store, w, check_one, &k);
	}
	free(w);
	qw_digest_free(k.digest);
	*good = k.good;
	return err ? err : k.err;
}

/*
 * Approvals in the ledger's store. They move at the speed of people, so the loop thread runs their
 * transactions itself: at worst it waits for the commit that the writer thread is in. What a
 * function here answers is on disk.
 */
#include "approval_bytes.h"
#include "internal.h"

#include <errno.h>

enum { EXPIRE_BATCH = 256, OPEN_KEY_BYTES = APPROVAL_DIGEST_BYTES + 8, OPEN_VALUE_BYTES = 16 };

/* One call: its transaction and where its result lives. */
struct desk {
	struct audit *a;
	struct store *store;
	MDB_txn *txn;
	struct qw_arena *arena;
};

/* Results of the call before stay readable during this one: its arguments may point there. */
static int desk_open(struct desk *d, struct audit *a, bool writes)
{
	int rc;

	a->approval_turn ^= 1;
	*d = (struct desk){
		.a = a, .store = a->store, .arena = &a->approval_arena[a->approval_turn]};
	qw_arena_reset(d->arena);
	rc = store_begin(d->store, writes, &d->txn);
	if (rc == MDB_PANIC)
		store_reopen(d->store);
	return store_error(rc);
}

/* err 0 commits; anything else aborts and is returned. */
static int desk_close(struct desk *d, int err)
{
	int rc = store_end(d->store, d->txn, err == 0);

	if (rc == MDB_PANIC)
		store_reopen(d->store);
	return err ? err : store_error(rc);
}

/* Arguments may lie in *out: it is filled last. */
static int hand_over(int err, const struct approval *ap, struct approval *out)
{
	*out = err ? (struct approval){.state = APPROVAL_DENIED} : *ap;
	return err;
}

static int load(struct desk *d, uint64_t number, struct approval *out)
{
	uint8_t be[8];
	MDB_val key = store_val(be, sizeof(be)), val;
	int rc;

	store_put_be64(be, number);
	rc = mdb_get(d->txn, d->store->table[STORE_APPROVALS], &key, &val);
	return rc ? store_error(rc)
		  : approval_decode(qw_bytes(val.mv_data, val.mv_size), d->arena, out);
}

static int number_of(struct desk *d, const char *id, uint64_t *number)
{
	MDB_val key = store_val(id, strlen(id)), val;
	int rc;

	if (key.mv_size != APPROVAL_ID_CHARS)
		return QW_E_NOTFOUND;
	rc = mdb_get(d->txn, d->store->table[STORE_APPROVAL_IDS], &key, &val);
	if (rc == 0)
		*number = store_be64(val);
	return store_error(rc);
}

static uint64_t requester_of(const struct approval *a)
{
	return ring_checksum(qw_bytes_from(a->subject), ring_checksum(qw_bytes_from(a->issuer), 0));
}

static int save_open(struct desk *d, uint64_t number, const struct approval *a)
{
	bool is_open = a->state == APPROVAL_PENDING || a->state == APPROVAL_APPROVED;
	uint8_t k[OPEN_KEY_BYTES], v[OPEN_VALUE_BYTES];
	MDB_val key = store_val(k, sizeof(k)), val = store_val(v, sizeof(v));
	int rc;

	memcpy(k, a->digest, APPROVAL_DIGEST_BYTES);
	store_put_be64(k + APPROVAL_DIGEST_BYTES, number);
	store_put_be64(v, requester_of(a));
	store_put_be64(v + 8, (uint64_t)a->expires_us);
	if (is_open)
		return mdb_put(d->txn, d->store->table[STORE_APPROVAL_OPEN], &key, &val, 0);
	rc = mdb_del(d->txn, d->store->table[STORE_APPROVAL_OPEN], &key, NULL);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int save(struct desk *d, uint64_t number, const struct approval *a)
{
	struct qw_buf *buf = &d->a->approval_buf;
	uint8_t be[8];
	MDB_val key = store_val(be, sizeof(be)), val;
	int rc, err;

	qw_buf_clear(buf);
	err = approval_encode(a, buf);
	if (err)
		return err;
	store_put_be64(be, number);
	val = store_val(qw_buf_pending(buf).p, qw_buf_pending(buf).n);
	rc = mdb_put(d->txn, d->store->table[STORE_APPROVALS], &key, &val, 0);
	if (!rc)
		rc = save_open(d, number, a);
	return store_error(rc);
}

/* ---- ask ---- */

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_usable(const struct approval *have, const struct approval *wanted, int64_t now_us)
{
	return now_us < have->expires_us && is_same(have->issuer, wanted->issuer) &&
	       is_same(have->subject, wanted->subject) && is_same(have->actor, wanted->actor);
}

/* An approved one of this digest before a pending one; NOTFOUND. */
static int find_open(struct desk *d, const struct approval *wanted, int64_t now_us,
	uint64_t *number, struct approval *out)
{
	uint8_t k[OPEN_KEY_BYTES] = {0};
	MDB_val key = store_val(k, sizeof(k)), val;
	MDB_cursor *c;
	bool found = false;
	int err = 0, rc = mdb_cursor_open(d->txn, d->store->table[STORE_APPROVAL_OPEN], &c);

	if (rc)
		return store_error(rc);
	memcpy(k, wanted->digest, APPROVAL_DIGEST_BYTES);
	rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
	while (!rc && !err && key.mv_size == OPEN_KEY_BYTES &&
		memcmp(key.mv_data, k, APPROVAL_DIGEST_BYTES) == 0) {
		uint64_t at =
			store_be64(store_val((uint8_t *)key.mv_data + APPROVAL_DIGEST_BYTES, 8));
		struct approval have;

		err = load(d, at, &have);
		if (!err && is_usable(&have, wanted, now_us) &&
			(!found || have.state == APPROVAL_APPROVED)) {
			found = true;
			*number = at;
			*out = have;
			if (have.state == APPROVAL_APPROVED)
				break;
		}
		rc = mdb_cursor_get(c, &key, &val, MDB_NEXT);
	}
	mdb_cursor_close(c);
	if (rc && rc != MDB_NOTFOUND)
		return store_error(rc);
	return err ? err : found ? 0 : QW_E_NOTFOUND;
}

/* An agent in a loop must not be able to fill the store, or the screen of the person who decides.
 */
static int check_room(struct desk *d, uint64_t requester)
{
	size_t all = 0, own = 0;
	MDB_val key, val;
	MDB_cursor *c;
	int rc = mdb_cursor_open(d->txn, d->store->table[STORE_APPROVAL_OPEN], &c);

	if (rc)
		return store_error(rc);
	while ((rc = mdb_cursor_get(c, &key, &val, MDB_NEXT)) == 0) {
		all++;
		own += val.mv_size == OPEN_VALUE_BYTES &&
		       store_be64(store_val(val.mv_data, 8)) == requester;
	}
	mdb_cursor_close(c);
	if (rc != MDB_NOTFOUND)
		return store_error(rc);
	return all < AUDIT_APPROVALS_OPEN_MAX && own < AUDIT_APPROVALS_OPEN_PER_REQUESTER_MAX
		       ? 0
		       : QW_E_LIMIT;
}

static int make_id(struct desk *d, char id[APPROVAL_ID_CHARS + 1])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t number;

	for (int tries = 0; tries < 8; tries++) {
		uint8_t random[APPROVAL_ID_CHARS];
		int err = qw_random(random, sizeof(random));

		if (err)
			return err;
		for (size_t i = 0; i < APPROVAL_ID_CHARS; i++)
			id[i] = letters[random[i] % 32];
		id[APPROVAL_ID_CHARS] = '\0';
		err = number_of(d, id, &number);
		if (err != 0)
			return err == QW_E_NOTFOUND ? 0 : err;
	}
	return QW_E_DUPLICATE;
}

static int next_number(struct desk *d, uint64_t *number)
{
	MDB_val key, val;
	MDB_cursor *c;
	int rc = mdb_cursor_open(d->txn, d->store->table[STORE_APPROVALS], &c);

	if (rc)
		return store_error(rc);
	rc = mdb_cursor_get(c, &key, &val, MDB_LAST);
	*number = rc == 0 ? store_be64(key) + 1 : 1;
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? 0 : store_error(rc);
}

static int add_new(struct desk *d, const struct approval *wanted, int64_t now_us, uint64_t *number)
{
	struct approval fresh = *wanted;
	uint8_t be[8];
	MDB_val key = store_val(fresh.id, APPROVAL_ID_CHARS), val = store_val(be, sizeof(be));
	int err = check_room(d, requester_of(wanted));

	fresh.state = APPROVAL_PENDING;
	fresh.created_us = now_us;
	fresh.decided_us = 0;
	fresh.approver = fresh.reason = NULL;
	if (!err)
		err = make_id(d, fresh.id);
	if (!err)
		err = next_number(d, number);
	if (err)
		return err;
	store_put_be64(be, *number);
	err = store_error(
		mdb_put(d->txn, d->store->table[STORE_APPROVAL_IDS], &key, &val, MDB_NOOVERWRITE));
	return err ? err : save(d, *number, &fresh);
}

static int ask(struct desk *d, const struct approval *wanted, int64_t now_us, struct approval *out,
	bool *consumed)
{
	uint64_t number = 0;
	int err = find_open(d, wanted, now_us, &number, out);

	if (err == QW_E_NOTFOUND) {
		err = add_new(d, wanted, now_us, &number);
		return err ? err : load(d, number, out);
	}
	if (err || out->state == APPROVAL_PENDING)
		return err;
	QW_ASSERT(approval_move_allowed(out->state, APPROVAL_CONSUMED));
	out->state = APPROVAL_CONSUMED;
	*consumed = true;
	return save(d, number, out);
}

int audit_approval_ask(struct audit *a, const struct approval *wanted, int64_t now_us,
	struct approval *out, bool *consumed)
{
	struct approval ap;
	struct desk d;
	bool used = false;
	int err;

	*consumed = false;
	if (!wanted->issuer || !wanted->subject || !wanted->statement)
		return QW_E_MALFORMED;
	if (wanted->expires_us <= now_us)
		return QW_E_EXPIRED;
	err = desk_open(&d, a, true);
	if (!err)
		err = desk_close(&d, ask(&d, wanted, now_us, &ap, &used));
	*consumed = err == 0 && used; /* only once it is on disk */
	return hand_over(err, &ap, out);
}

/* ---- get, decide ---- */

int audit_approval_get(struct audit *a, const char *id, struct approval *out)
{
	uint64_t number = 0;
	struct approval ap;
	struct desk d;
	int err = desk_open(&d, a, false);

	if (err)
		return hand_over(err, NULL, out);
	err = number_of(&d, id, &number);
	if (!err)
		err = load(&d, number, &ap);
	store_abort(d.store, d.txn);
	return hand_over(err, &ap, out);
}

static int move(struct desk *d, uint64_t number, enum approval_state to, int64_t now_us,
	struct approval *ap)
{
	bool leads_on = to == APPROVAL_APPROVED || to == APPROVAL_CONSUMED;

	if (!approval_move_allowed(ap->state, to))
		return QW_E_STATE;
	if (leads_on && now_us >= ap->expires_us)
		return QW_E_EXPIRED;
	ap->state = to;
	if (to != APPROVAL_CONSUMED)
		ap->decided_us = now_us;
	return save(d, number, ap);
}

static int sign(struct desk *d, struct approval *ap, const char *approver, const char *reason)
{
	if (approver)
		ap->approver = qw_arena_strdup(d->arena, qw_bytes_from(approver));
	if (reason)
		ap->reason = qw_arena_strdup(d->arena, qw_bytes_from(reason));
	return (approver && !ap->approver) || (reason && !ap->reason) ? QW_E_NOMEM : 0;
}

int audit_approval_decide(struct audit *a, const char *id, enum approval_state to,
	const char *approver, const char *reason, int64_t now_us, struct approval *out)
{
	uint64_t number = 0;
	struct approval ap;
	struct desk d;
	int err = desk_open(&d, a, true);

	if (err)
		return hand_over(err, NULL, out);
	err = number_of(&d, id, &number);
	if (!err)
		err = load(&d, number, &ap);
	if (!err && to != APPROVAL_CONSUMED) /* a use does not rewrite who allowed it */
		err = sign(&d, &ap, approver, reason);
	if (!err)
		err = move(&d, number, to, now_us, &ap);
	return hand_over(desk_close(&d, err), &ap, out);
}

/* ---- all of them ---- */

/* The first with a number >= *number; then *number is its number. */
static int load_from(struct audit *a, uint64_t *number, struct approval *out)
{
	uint8_t be[8];
	MDB_val key = store_val(be, sizeof(be)), val;
	MDB_cursor *c;
	struct desk d;
	int rc, err = desk_open(&d, a, false);

	if (err)
		return err;
	store_put_be64(be, *number);
	rc = mdb_cursor_open(d.txn, d.store->table[STORE_APPROVALS], &c);
	if (rc == 0) {
		rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
		if (rc == 0)
			*number = store_be64(key);
		mdb_cursor_close(c);
	}
	err = rc ? store_error(rc) : load(&d, *number, out);
	store_abort(d.store, d.txn);
	return err;
}

int audit_approval_each(struct audit *a, audit_approval_cb cb, void *ctx)
{
	struct approval ap;
	int err;

	for (uint64_t number = 0;; number++) {
		err = load_from(a, &number, &ap);
		if (err || !cb(ctx, &ap))
			return err == QW_E_NOTFOUND ? 0 : err;
	}
}

static int find_expired(
	struct desk *d, int64_t now_us, uint64_t numbers[EXPIRE_BATCH], size_t *count)
{
	MDB_val key, val;
	MDB_cursor *c;
	int rc = mdb_cursor_open(d->txn, d->store->table[STORE_APPROVAL_OPEN], &c);

	*count = 0;
	if (rc)
		return store_error(rc);
	while (*count < EXPIRE_BATCH && (rc = mdb_cursor_get(c, &key, &val, MDB_NEXT)) == 0) {
		if (key.mv_size != OPEN_KEY_BYTES || val.mv_size != OPEN_VALUE_BYTES) {
			rc = MDB_CORRUPTED;
			break;
		}
		if (now_us >= (int64_t)store_be64(store_val((uint8_t *)val.mv_data + 8, 8)))
			numbers[(*count)++] = store_be64(
				store_val((uint8_t *)key.mv_data + APPROVAL_DIGEST_BYTES, 8));
	}
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? 0 : store_error(rc);
}

static int expire_batch(
	struct audit *a, int64_t now_us, uint64_t numbers[EXPIRE_BATCH], size_t *count)
{
	struct desk d;
	int err = desk_open(&d, a,
		false); /* most of the time there is nothing to do: do not wait for the writer */

	if (err)
		return err;
	err = find_expired(&d, now_us, numbers, count);
	store_abort(d.store, d.txn);
	if (err || *count == 0)
		return err;
	err = desk_open(&d, a, true);
	if (err)
		return err;
	for (size_t i = 0; !err && i < *count; i++) {
		struct approval ap;

		qw_arena_reset(d.arena);
		err = load(&d, numbers[i], &ap);
		if (!err)
			err = move(&d, numbers[i], APPROVAL_EXPIRED, now_us, &ap);
	}
	return desk_close(&d, err);
}

int audit_approval_expire(struct audit *a, int64_t now_us, audit_approval_cb cb, void *ctx)
{
	uint64_t numbers[EXPIRE_BATCH];
	size_t count = 0;
	int err;

	do {
		err = expire_batch(a, now_us, numbers, &count);
		for (size_t i = 0; !err && i < count; i++) {
			struct approval ap;

			err = load_from(a, &numbers[i], &ap);
			if (!err && cb && !cb(ctx, &ap))
				return 0;
		}
	} while (!err && count == EXPIRE_BATCH);
	return err;
}

#include "ledger.h"

#include <errno.h>
#include <stdlib.h>

enum { POSITION_BYTES = 8 + 3 * 8 };

static const char POSITION_KEY[] = "ledger";

static void encode_position(struct ledger_position at, uint8_t out[POSITION_BYTES])
{
	memset(out, 0, POSITION_BYTES);
	out[0] = LEDGER_FORMAT;
	store_put_be64(out + 8, at.next_seq);
	store_put_be64(out + 16, at.ring_id);
	store_put_be64(out + 24, at.ring_pos);
}

static int read_position(struct ledger *l)
{
	MDB_val key = store_val(POSITION_KEY, sizeof(POSITION_KEY) - 1), val;
	const uint8_t *p;
	MDB_txn *txn;
	int rc = store_begin(l->store, false, &txn);

	if (rc)
		return store_error(rc);
	l->at = (struct ledger_position){.next_seq = 1};
	rc = mdb_get(txn, l->store->table[STORE_META], &key, &val);
	p = val.mv_data;
	if (rc == 0 && (val.mv_size != POSITION_BYTES || p[0] != LEDGER_FORMAT))
		rc = MDB_VERSION_MISMATCH;
	if (rc == 0) {
		l->at.next_seq = store_be64(store_val(p + 8, 8));
		l->at.ring_id = store_be64(store_val(p + 16, 8));
		l->at.ring_pos = store_be64(store_val(p + 24, 8));
	}
	store_abort(l->store, txn);
	return rc == MDB_NOTFOUND ? 0 : store_error(rc);
}

int ledger_new(struct store *store, struct ledger **out)
{
	struct ledger *l = calloc(1, sizeof(*l));
	int err;

	*out = NULL;
	if (!l)
		return QW_E_NOMEM;
	l->store = store;
	l->digest = qw_digest_new();
	err = l->digest ? read_position(l) : QW_E_NOMEM;
	if (err) {
		ledger_free(l);
		return err;
	}
	*out = l;
	return 0;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	qw_digest_free(l->digest);
	free(l);
}

static int put_position(struct ledger *l, MDB_txn *txn, struct ledger_position at)
{
	uint8_t bytes[POSITION_BYTES];
	MDB_val key = store_val(POSITION_KEY, sizeof(POSITION_KEY) - 1),
		val = store_val(bytes, sizeof(bytes));

	encode_position(at, bytes);
	return mdb_put(txn, l->store->table[STORE_META], &key, &val, 0);
}

int ledger_save(struct ledger *l, struct ledger_position at)
{
	MDB_txn *txn;
	int rc = store_begin(l->store, true, &txn);

	if (rc)
		return rc;
	rc = put_position(l, txn, at);
	if (rc) {
		store_abort(l->store, txn);
		return rc;
	}
	rc = store_end(l->store, txn, true);
	if (rc == 0)
		l->at = at;
	return rc;
}

int ledger_chain(struct qw_digest *d, const uint8_t before[LEDGER_CHAIN_BYTES],
	struct qw_bytes record, uint8_t out[LEDGER_CHAIN_BYTES])
{
	int err = qw_digest_start(d);

	if (!err)
		err = qw_digest_add(d, QW_LIT("querywarden chain v1\0"));
	if (!err)
		err = qw_digest_add(d, qw_bytes(before, LEDGER_CHAIN_BYTES));
	if (!err)
		err = qw_digest_add(d, record);
	return err ? err : qw_digest_end(d, out);
}

int ledger_split(MDB_val stored, struct qw_bytes *record, const uint8_t **chain)
{
	const uint8_t *p = stored.mv_data;

	if (stored.mv_size < LEDGER_PREFIX_BYTES || p[0] != LEDGER_FORMAT)
		return QW_E_MALFORMED;
	*chain = p + 8;
	*record = qw_bytes(p + LEDGER_PREFIX_BYTES, stored.mv_size - LEDGER_PREFIX_BYTES);
	return 0;
}

/* ---- the chain of a session ---- */

static struct ledger_link *cache_place(struct ledger *l, const uint8_t session[QW_SESSION_ID_BYTES])
{
	uint64_t h = ring_checksum(qw_bytes(session, QW_SESSION_ID_BYTES), 0);

	return &l->cache[h % LEDGER_CACHE];
}

static int last_chain_stored(
	struct ledger *l, MDB_txn *txn, const uint8_t *session, uint8_t out[LEDGER_CHAIN_BYTES])
{
	MDB_val key = store_val(session, QW_SESSION_ID_BYTES), val = {0};
	const uint8_t *chain;
	struct qw_bytes record;
	MDB_cursor *c;
	int rc = mdb_cursor_open(txn, l->store->table[STORE_SESSIONS], &c);

	memset(out, 0, LEDGER_CHAIN_BYTES);
	if (rc)
		return rc;
	rc = mdb_cursor_get(c, &key, &val, MDB_SET);
	if (rc == 0)
		rc = mdb_cursor_get(c, &key, &val, MDB_LAST_DUP);
	mdb_cursor_close(c);
	if (rc)
		return rc == MDB_NOTFOUND ? 0 : rc;
	key = val;
	rc = mdb_get(txn, l->store->table[STORE_RECORDS], &key, &val);
	if (rc)
		return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
	if (ledger_split(val, &record, &chain))
		return MDB_CORRUPTED;
	memcpy(out, chain, LEDGER_CHAIN_BYTES);
	return 0;
}

static int link_of(struct ledger *l, MDB_txn *txn, const uint8_t *session, struct ledger_link **out)
{
	struct ledger_link *k = cache_place(l, session);
	int rc;

	*out = k;
	if (k->is_set && memcmp(k->session, session, QW_SESSION_ID_BYTES) == 0)
		return 0;
	k->is_set = false;
	rc = last_chain_stored(l, txn, session, k->chain);
	if (rc)
		return rc;
	memcpy(k->session, session, QW_SESSION_ID_BYTES);
	k->is_set = true;
	return 0;
}

/* ---- one record ---- */

static int put_record(struct ledger *l, MDB_txn *txn, const uint8_t be_seq[8],
	struct qw_bytes record, struct ledger_link *k)
{
	MDB_val key = store_val(be_seq, 8), val = {.mv_size = LEDGER_PREFIX_BYTES + record.n};
	uint8_t *p;
	int rc;

	if (ledger_chain(l->digest, k->chain, record, k->chain))
		return ENOMEM;
	rc = mdb_put(txn, l->store->table[STORE_RECORDS], &key, &val, MDB_APPEND | MDB_RESERVE);
	if (rc)
		return rc;
	p = val.mv_data;
	memset(p, 0, 8);
	p[0] = LEDGER_FORMAT;
	memcpy(p + 8, k->chain, LEDGER_CHAIN_BYTES);
	memcpy(p + LEDGER_PREFIX_BYTES, record.p, record.n);
	return 0;
}

static bool opens_session(uint16_t type)
{
	return type == QW_RECORD_SESSION_OPEN || type == QW_RECORD_SESSION_REFUSED;
}

static int store_record(struct ledger *l, MDB_txn *txn, uint64_t seq, struct qw_bytes record)
{
	struct qw_record_header h;
	struct ledger_link *k;
	struct qw_bytes fields;
	MDB_val key, val;
	uint8_t be[8];
	int rc;

	if (qw_record_open(record, &h, &fields))
		return MDB_CORRUPTED; /* audit_append takes none such */
	store_put_be64(be, seq);
	rc = link_of(l, txn, h.session, &k);
	if (!rc)
		rc = put_record(l, txn, be, record, k);
	if (rc)
		return rc;
	key = store_val(h.session, QW_SESSION_ID_BYTES);
	val = store_val(be, sizeof(be));
	rc = mdb_put(txn, l->store->table[STORE_SESSIONS], &key, &val, MDB_APPENDDUP);
	if (rc || !opens_session(h.type))
		return rc;
	key = store_val(be, sizeof(be));
	val = store_val(h.session, QW_SESSION_ID_BYTES);
	return mdb_put(txn, l->store->table[STORE_OPENS], &key, &val, MDB_APPEND);
}

struct drain {
	const struct ring *ring;
	uint64_t head;
	struct ledger_limits max;
	bool damage; /* the ring ends in something that is no record */
};

/* Returns LMDB's code. */
static int drain_records(struct ledger *l, MDB_txn *txn, struct drain *d, struct ledger_position *at)
{
	size_t bytes = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < d->max.records && bytes < d->max.bytes; i++) {
		struct qw_bytes record;
		uint64_t next;
		int err = ring_peek(d->ring, at->ring_pos, d->head, at->next_seq, &record, &next);

		d->damage = err == QW_E_MALFORMED;
		if (err)
			break;
		rc = store_record(l, txn, at->next_seq, record);
		bytes += record.n;
		at->next_seq++;
		at->ring_pos = next;
	}
	return rc;
}

int ledger_drain(
	struct ledger *l, const struct ring *r, uint64_t head, struct ledger_limits max, int *rc)
{
	struct ledger_position at = l->at;
	struct drain d = {.ring = r, .head = head, .max = max};
	MDB_txn *txn;

	*rc = store_begin(l->store, true, &txn);
	if (*rc)
		return QW_E_IO;
	*rc = drain_records(l, txn, &d, &at);
	if (*rc == 0 && at.next_seq != l->at.next_seq)
		*rc = put_position(l, txn, at);
	if (*rc)
		store_abort(l->store, txn);
	else
		*rc = store_end(l->store, txn, at.next_seq != l->at.next_seq);
	if (*rc) {
		memset(l->cache, 0, sizeof(l->cache)); /* it ran ahead of what is stored */
		return *rc == ENOMEM ? QW_E_NOMEM : QW_E_IO;
	}
	l->at = at;
	return d.damage ? QW_E_MALFORMED : 0;
}

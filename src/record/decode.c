#include "qw/record.h"

enum { FIELD_HEADER = 5, DIGEST_BYTES = 32 };

static uint64_t get_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

int qw_record_open(struct qw_bytes record, struct qw_record_header *h, struct qw_bytes *fields)
{
	*h = (struct qw_record_header){0};
	*fields = (struct qw_bytes){0};
	if (record.n < QW_RECORD_HEADER_BYTES)
		return QW_E_MALFORMED;
	h->version = (uint16_t)get_be(record.p, 2);
	h->type = (uint16_t)get_be(record.p + 2, 2);
	h->wall_us = get_be(record.p + 4, 8);
	h->mono_us = get_be(record.p + 12, 8);
	memcpy(h->session, record.p + 20, QW_SESSION_ID_BYTES);
	h->session_seq = get_be(record.p + 20 + QW_SESSION_ID_BYTES, 8);
	if (h->version != QW_RECORD_VERSION)
		return QW_E_UNSUPPORTED;
	*fields = qw_bytes(record.p + QW_RECORD_HEADER_BYTES, record.n - QW_RECORD_HEADER_BYTES);
	return 0;
}

/* A value has the size that its kind says; tags of later versions pass as they are. */
static bool size_fits(unsigned tag, size_t n)
{
	enum qw_field_kind kind;

	(void)qw_record_field_name(tag, &kind);
	switch (kind) {
	case QW_KIND_U64:
		return n == 8;
	case QW_KIND_DIGEST:
		return n == DIGEST_BYTES;
	case QW_KIND_UNKNOWN:
	case QW_KIND_TEXT:
	case QW_KIND_BYTES:
		return true;
	}
	return false;
}

int qw_record_next(struct qw_bytes *fields, unsigned *tag, struct qw_bytes *value)
{
	uint64_t n;

	*tag = 0;
	*value = (struct qw_bytes){0};
	if (fields->n == 0)
		return QW_E_NOTFOUND;
	if (fields->n < FIELD_HEADER)
		return QW_E_MALFORMED;
	n = get_be(fields->p + 1, 4);
	if (n > fields->n - FIELD_HEADER || fields->p[0] == 0 || !size_fits(fields->p[0], n))
		return QW_E_MALFORMED;
	*tag = fields->p[0];
	*value = qw_bytes(fields->p + FIELD_HEADER, n);
	*fields = qw_bytes(fields->p + FIELD_HEADER + n, fields->n - FIELD_HEADER - n);
	return 0;
}

bool qw_record_find(struct qw_bytes fields, enum qw_record_field f, struct qw_bytes *value)
{
	unsigned tag;

	while (qw_record_next(&fields, &tag, value) == 0) {
		if (tag == (unsigned)f)
			return true;
	}
	*value = (struct qw_bytes){0};
	return false;
}

uint64_t qw_record_u64_value(struct qw_bytes value)
{
	return value.n == 8 ? get_be(value.p, 8) : 0;
}

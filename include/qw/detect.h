/*
 * Content detectors: what looks like personal data or a secret in text that no label covers. A third line behind labels and
 * masks, never the first: who may call functions can spell a value differently. Pure; linear time; docs/detectors.md.
 */
#ifndef QW_DETECT_H
#define QW_DETECT_H

#include "qw/base.h"

/* name in policies and placeholders, what it is */
#define DETECT_KINDS(X) \
	X(EMAIL, "email", "an e-mail address") \
	X(CARD, "card", "a payment card number") \
	X(IBAN, "iban", "a bank account number") \
	X(SSN, "ssn", "a US social security number") \
	X(PHONE, "phone", "a telephone number") \
	X(JWT, "jwt", "a JSON web token") \
	X(AWS_KEY, "aws-key", "an AWS access key id") \
	X(GITHUB_TOKEN, "github-token", "a GitHub token") \
	X(GITLAB_TOKEN, "gitlab-token", "a GitLab token") \
	X(SLACK_TOKEN, "slack-token", "a Slack token") \
	X(STRIPE_KEY, "stripe-key", "a Stripe secret key") \
	X(GOOGLE_KEY, "google-key", "a Google API key") \
	X(PRIVATE_KEY, "private-key", "a private key in PEM form") \
	X(SECRET, "secret", "a random-looking text under a key-like name")

enum detect_kind {
#define X(id, name, meaning) DETECT_##id,
	DETECT_KINDS(X)
#undef X
	DETECT_KIND_COUNT
};
enum detect_action { DETECT_MASK, DETECT_FLAG, DETECT_OFF }; /* zero hides */

const char *detect_kind_name(enum detect_kind kind);
int detect_kind_parse(const char *name, enum detect_kind *out) QW_MUST_CHECK;

struct detect_set { /* what to look for: sets of 1 << kind, disjoint */
	uint32_t masked, flagged;
};
void detect_set_init(struct detect_set *set, const enum detect_action actions[DETECT_KIND_COUNT]);

/* A result column, decided once: how its cells are read, and whether its name speaks of a key. */
enum detect_form {
	DETECT_FORM_NONE, /* not scanned: numbers, dates, binary forms of other types */
	DETECT_FORM_TEXT,
	DETECT_FORM_JSON, /* each string and number by itself, escapes decoded */
	DETECT_FORM_JSONB, /* a version byte, then JSON */
	DETECT_FORM_XML,
	DETECT_FORM_BYTEA /* bytea's text forms, decoded; its binary form is TEXT */
};
struct detect_column {
	struct detect_set set;
	enum detect_form form;
	bool is_key_like;
	bool is_binary_array; /* `form` is that of its elements */
};
/* `name` may be NULL. False: its cells need not be scanned. Types without a fixed OID (citext) are scanned in text format. */
bool detect_column_init(struct detect_column *out, const struct detect_set *set, const char *name, uint32_t type_oid,
	uint16_t format);

struct detect_match {
	enum detect_kind kind;
	size_t start, end; /* bytes of the cell; of bytea's escape form and of JSON strings with escapes: the whole value */
};
/*
 * Where something is; returns how many were written. `scratch` holds decoded bytes and may be used for all cells in turn. An
 * error of its memory counts as a match of the whole cell.
 */
size_t detect_scan(const struct detect_column *column, struct qw_bytes cell, struct qw_buf *scratch, struct detect_match *out,
	size_t max);

struct detect_found { /* sets of 1 << kind */
	uint32_t masked, flagged;
};
/*
 * Appends the cell with "[email]" and the like (in XML "*email*") in the place of what is to be masked; still JSON, XML, bytea
 * or an array. Nothing is appended when found->masked is 0: the cell stays as it is. No scan of the answer finds a thing.
 * LIMIT, NOMEM: nothing appended, found->masked is not 0: the cell must not be sent.
 */
int detect_mask(const struct detect_column *column, struct qw_bytes cell, struct qw_buf *scratch, struct qw_buf *out,
	struct detect_found *found) QW_MUST_CHECK;

/* Does a text that is written hold one of our placeholders? */
bool detect_holds_placeholder(struct qw_bytes text);

#endif

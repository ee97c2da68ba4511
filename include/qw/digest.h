/* SHA-256, HMAC-SHA-256 and AES with contexts that are made once and used often. Wraps libcrypto. */
#ifndef QW_DIGEST_H
#define QW_DIGEST_H

#include "qw/base.h"

enum { QW_DIGEST_BYTES = 32 };

struct qw_digest; /* one running SHA-256 */
struct qw_digest *qw_digest_new(void); /* NULL: out of memory */
void qw_digest_free(struct qw_digest *d);
int qw_digest_start(struct qw_digest *d) QW_MUST_CHECK;
int qw_digest_add(struct qw_digest *d, struct qw_bytes part) QW_MUST_CHECK;
int qw_digest_end(struct qw_digest *d, uint8_t out[QW_DIGEST_BYTES]) QW_MUST_CHECK;

int qw_sha256(struct qw_bytes in, uint8_t out[QW_DIGEST_BYTES]) QW_MUST_CHECK;

struct qw_hmac; /* one key, many messages; one thread at a time */
struct qw_hmac *qw_hmac_new(struct qw_bytes key); /* NULL: out of memory, or an empty key */
void qw_hmac_free(struct qw_hmac *h); /* wipes the key */
int qw_hmac_compute(struct qw_hmac *h, struct qw_bytes msg, uint8_t out[QW_DIGEST_BYTES]) QW_MUST_CHECK;
/* The same in parts: start, add ..., end. start also drops what an earlier, unfinished message left. */
int qw_hmac_start(struct qw_hmac *h) QW_MUST_CHECK;
int qw_hmac_add(struct qw_hmac *h, struct qw_bytes part) QW_MUST_CHECK;
int qw_hmac_end(struct qw_hmac *h, uint8_t out[QW_DIGEST_BYTES]) QW_MUST_CHECK;

enum { QW_AES_BLOCK = 16 };

struct qw_aes; /* one key, single blocks (ECB): a building stone, nothing to hide data with; one thread at a time */
struct qw_aes *qw_aes_new(struct qw_bytes key); /* 16, 24 or 32 bytes; NULL: another length, or out of memory */
void qw_aes_free(struct qw_aes *a); /* wipes the key */
int qw_aes_block(struct qw_aes *a, const uint8_t in[QW_AES_BLOCK], uint8_t out[QW_AES_BLOCK]) QW_MUST_CHECK; /* in == out is fine */

int qw_random(void *out, size_t n) QW_MUST_CHECK; /* from the operating system's generator */
void qw_wipe(void *p, size_t n);

#endif

/*
 * AES-256-GCM twice: a random data key seals the secret, the wrapping key seals the data key. Both bind the vault's id and
 * the entry's name, user, version and time as associated data, so that no entry can take another one's place. The wrapping
 * key and the key of the file's HMAC come from the key file through HKDF-SHA256 (RFC 5869).
 */
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "internal.h"

enum { MAC_BYTES = 32 };

int vault_random(void *p, size_t n)
{
	return n <= INT_MAX && RAND_priv_bytes(p, (int)n) == 1 ? 0 : QW_E_CRYPTO;
}

static int derive(const uint8_t *kek, const char *label, uint8_t *out)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)kek, VAULT_KEY_BYTES),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label, strlen(label)),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	int ok = ctx && EVP_KDF_derive(ctx, out, VAULT_KEY_BYTES, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ? 0 : QW_E_CRYPTO;
}

int vault_keys_derive(const uint8_t kek[VAULT_KEY_BYTES], struct vault_keys *out)
{
	int err = derive(kek, "querywarden vault 1 wrap", out->wrap);

	return err ? err : derive(kek, "querywarden vault 1 file", out->file);
}

int vault_file_mac(const struct vault_keys *k, struct qw_bytes body, uint8_t out[32])
{
	unsigned n = 0;

	if (!HMAC(EVP_sha256(), k->file, VAULT_KEY_BYTES, body.p, body.n, out, &n) || n != MAC_BYTES)
		return QW_E_CRYPTO;
	return 0;
}

int vault_file_verify(const struct vault_keys *k, struct qw_bytes file)
{
	uint8_t mac[MAC_BYTES];
	int err;

	if (file.n < MAC_BYTES)
		return QW_E_MALFORMED;
	err = vault_file_mac(k, qw_bytes(file.p, file.n - MAC_BYTES), mac);
	if (err)
		return err;
	return CRYPTO_memcmp(mac, file.p + file.n - MAC_BYTES, MAC_BYTES) == 0 ? 0 : QW_E_CRYPTO;
}

/* Lengths first: no two different entries give the same bytes. */
static int bind_entry(const uint8_t *id, const struct vault_entry *e, const char *what, struct qw_buf *aad)
{
	uint64_t numbers[4] = {strlen(e->name), strlen(e->user), e->version, (uint64_t)e->changed_at};
	uint8_t be[sizeof(numbers)];
	int err;

	for (size_t i = 0; i < sizeof(be); i++)
		be[i] = (uint8_t)(numbers[i / 8] >> (56 - 8 * (i % 8)));
	err = qw_buf_append(aad, what, strlen(what) + 1);
	if (!err)
		err = qw_buf_append(aad, id, VAULT_ID_BYTES);
	if (!err)
		err = qw_buf_append(aad, be, sizeof(be));
	if (!err)
		err = qw_buf_append(aad, e->name, strlen(e->name));
	return err ? err : qw_buf_append(aad, e->user, strlen(e->user));
}

struct gcm {
	const uint8_t *key, *nonce;
	struct qw_bytes aad, in;
	uint8_t *out, *tag;
};

static int gcm_seal(const struct gcm *g)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, ok;

	ok = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, g->key, g->nonce) == 1 &&
	     EVP_EncryptUpdate(ctx, NULL, &n, g->aad.p, (int)g->aad.n) == 1 &&
	     EVP_EncryptUpdate(ctx, g->out, &n, g->in.p, (int)g->in.n) == 1 && (size_t)n == g->in.n &&
	     EVP_EncryptFinal_ex(ctx, g->out + n, &n) == 1 && n == 0 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, VAULT_TAG_BYTES, g->tag) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : QW_E_CRYPTO;
}

/* What could not be authenticated is wiped before we return. */
static int gcm_open(const struct gcm *g)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, ok;

	ok = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, g->key, g->nonce) == 1 &&
	     EVP_DecryptUpdate(ctx, NULL, &n, g->aad.p, (int)g->aad.n) == 1 &&
	     EVP_DecryptUpdate(ctx, g->out, &n, g->in.p, (int)g->in.n) == 1 && (size_t)n == g->in.n &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, VAULT_TAG_BYTES, g->tag) == 1 &&
	     EVP_DecryptFinal_ex(ctx, g->out + n, &n) == 1 && n == 0;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		OPENSSL_cleanse(g->out, g->in.n);
	return ok ? 0 : QW_E_CRYPTO;
}

static int seal_both(const struct vault_keys *k, struct vault_entry *e, struct qw_bytes aad, struct qw_bytes secret,
	uint8_t *room)
{
	uint8_t *dek = vault_memory_new(VAULT_KEY_BYTES);
	int err = dek ? vault_random(dek, VAULT_KEY_BYTES) : QW_E_NOMEM;

	if (!err)
		err = vault_random(e->nonce, VAULT_NONCE_BYTES);
	if (!err)
		err = vault_random(e->wrap_nonce, VAULT_NONCE_BYTES);
	if (!err)
		err = gcm_seal(&(struct gcm){dek, e->nonce, aad, secret, room, e->tag});
	if (!err)
		err = gcm_seal(&(struct gcm){k->wrap, e->wrap_nonce, aad, qw_bytes(dek, VAULT_KEY_BYTES), e->wrapped,
			e->wrap_tag});
	vault_memory_free(dek, VAULT_KEY_BYTES);
	e->sealed = qw_bytes(room, secret.n);
	return err;
}

int vault_entry_seal(const struct vault_keys *k, const uint8_t id[VAULT_ID_BYTES], struct vault_entry *e,
	struct qw_bytes secret, uint8_t *room)
{
	struct qw_buf aad;
	int err;

	qw_buf_init(&aad, 1024);
	err = bind_entry(id, e, "querywarden vault 1 entry", &aad);
	if (!err)
		err = seal_both(k, e, qw_buf_pending(&aad), secret, room);
	qw_buf_fini(&aad);
	return err;
}

static int open_both(const struct vault_keys *k, const struct vault_entry *e, struct qw_bytes aad, uint8_t *out)
{
	uint8_t *dek = vault_memory_new(VAULT_KEY_BYTES);
	uint8_t tag[VAULT_TAG_BYTES];
	int err = dek ? 0 : QW_E_NOMEM;

	if (!err) {
		memcpy(tag, e->wrap_tag, sizeof(tag));
		err = gcm_open(&(struct gcm){k->wrap, e->wrap_nonce, aad, qw_bytes(e->wrapped, VAULT_KEY_BYTES), dek, tag});
	}
	if (!err) {
		memcpy(tag, e->tag, sizeof(tag));
		err = gcm_open(&(struct gcm){dek, e->nonce, aad, e->sealed, out, tag});
	}
	vault_memory_free(dek, VAULT_KEY_BYTES);
	return err;
}

int vault_entry_unseal(const struct vault_keys *k, const uint8_t id[VAULT_ID_BYTES], const struct vault_entry *e,
	uint8_t *out)
{
	struct qw_buf aad;
	int err;

	qw_buf_init(&aad, 1024);
	err = bind_entry(id, e, "querywarden vault 1 entry", &aad);
	if (!err)
		err = open_both(k, e, qw_buf_pending(&aad), out);
	qw_buf_fini(&aad);
	return err;
}

/**
 * The functions of libcrypto (OpenSSL 3.0 and later) that iked calls: one table, C prototypes as comments.
 *
 * Lengths are declared `u32`, and results `i32`, where C says `size_t`: those leave V8's fast path and cost ten times
 * the call. `NAME_x` with a `name` is a second view of the same function.
 */
export const symbols = {
  /**
   * void *memcpy(void *dest, const void *src, size_t n): with n = 0 the address of `dest`. It is libc's, found by way
   * of libcrypto's dependency on it.
   */
  memcpy_address: {
    name: "memcpy",
    parameters: [
      "buffer", // void *dest
      "buffer", // const void *src
      "u32", // size_t n
    ],
    result: "u64",
  },
  /** The same, as a pointer for hot calls. */
  memcpy_pointer: {
    name: "memcpy",
    parameters: [
      "buffer", // void *dest
      "buffer", // const void *src
      "u32", // size_t n
    ],
    result: "pointer",
  },

  OpenSSL_version_num: { parameters: [], result: "u64" }, // unsigned long
  ERR_get_error: { parameters: [], result: "u64" }, // unsigned long
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_error_string_n: {
    parameters: [
      "u64", // unsigned long e
      "buffer", // char *buf
      "u32", // size_t len
    ],
    result: "void",
  },

  OSSL_LIB_CTX_new: { parameters: [], result: "pointer" }, // OSSL_LIB_CTX *
  OSSL_LIB_CTX_free: { parameters: ["pointer"], result: "void" }, // OSSL_LIB_CTX *ctx
  OSSL_PROVIDER_load: {
    parameters: [
      "pointer", // OSSL_LIB_CTX *libctx
      "buffer", // const char *name
    ],
    result: "pointer", // OSSL_PROVIDER *
  },

  EVP_CIPHER_fetch: {
    parameters: [
      "pointer", // OSSL_LIB_CTX *ctx
      "buffer", // const char *algorithm
      "pointer", // const char *properties
    ],
    result: "pointer", // EVP_CIPHER *
  },
  EVP_CIPHER_CTX_new: { parameters: [], result: "pointer" }, // EVP_CIPHER_CTX *
  EVP_CIPHER_CTX_free: { parameters: ["pointer"], result: "void" }, // EVP_CIPHER_CTX *ctx
  EVP_CIPHER_CTX_set_padding: {
    parameters: [
      "pointer", // EVP_CIPHER_CTX *ctx
      "i32", // int padding
    ],
    result: "i32",
  },
  EVP_CIPHER_CTX_set_key_length: {
    parameters: [
      "pointer", // EVP_CIPHER_CTX *ctx
      "i32", // int keylen
    ],
    result: "i32",
  },
  EVP_CIPHER_CTX_ctrl: {
    parameters: [
      "pointer", // EVP_CIPHER_CTX *ctx
      "i32", // int cmd
      "i32", // int p1
      "buffer", // void *p2
    ],
    result: "i32",
  },
  EVP_CipherInit_ex: {
    parameters: [
      "pointer", // EVP_CIPHER_CTX *ctx
      "pointer", // const EVP_CIPHER *type
      "pointer", // ENGINE *impl
      "buffer", // const unsigned char *key
      "pointer", // const unsigned char *iv
      "i32", // int enc
    ],
    result: "i32",
  },
  /** The same with the key set before: a packet's IV only. */
  EVP_CipherInit_iv: {
    name: "EVP_CipherInit_ex",
    parameters: [
      "pointer", // EVP_CIPHER_CTX *ctx
      "pointer", // const EVP_CIPHER *type
      "pointer", // ENGINE *impl
      "pointer", // const unsigned char *key
      "pointer", // const unsigned char *iv
      "i32", // int enc
    ],
    result: "i32",
  },
  /** On places known before. */
  EVP_CipherUpdate_pointer: {
    name: "EVP_CipherUpdate",
    parameters: [
      "pointer", // EVP_CIPHER_CTX *ctx
      "pointer", // unsigned char *out
      "pointer", // int *outl
      "pointer", // const unsigned char *in
      "i32", // int inl
    ],
    result: "i32",
  },
  EVP_CIPHER_CTX_ctrl_pointer: {
    name: "EVP_CIPHER_CTX_ctrl",
    parameters: [
      "pointer", // EVP_CIPHER_CTX *ctx
      "i32", // int cmd
      "i32", // int p1
      "pointer", // void *p2
    ],
    result: "i32",
  },
  EVP_CipherUpdate: {
    parameters: [
      "pointer", // EVP_CIPHER_CTX *ctx
      "buffer", // unsigned char *out
      "pointer", // int *outl
      "buffer", // const unsigned char *in
      "i32", // int inl
    ],
    result: "i32",
  },
  EVP_CipherFinal_ex: {
    parameters: [
      "pointer", // EVP_CIPHER_CTX *ctx
      "pointer", // unsigned char *outm
      "pointer", // int *outl
    ],
    result: "i32",
  },

  EVP_MAC_fetch: {
    parameters: [
      "pointer", // OSSL_LIB_CTX *libctx
      "buffer", // const char *algorithm
      "pointer", // const char *properties
    ],
    result: "pointer", // EVP_MAC *
  },
  EVP_MAC_CTX_new: { parameters: ["pointer"], result: "pointer" }, // EVP_MAC *mac -> EVP_MAC_CTX *
  EVP_MAC_CTX_free: { parameters: ["pointer"], result: "void" }, // EVP_MAC_CTX *ctx
  EVP_MAC_init: {
    parameters: [
      "pointer", // EVP_MAC_CTX *ctx
      "buffer", // const unsigned char *key
      "u32", // size_t keylen
      "buffer", // const OSSL_PARAM params[]
    ],
    result: "i32",
  },
  EVP_MAC_update: {
    parameters: [
      "pointer", // EVP_MAC_CTX *ctx
      "buffer", // const unsigned char *data
      "u32", // size_t datalen
    ],
    result: "i32",
  },
  EVP_MAC_final: {
    parameters: [
      "pointer", // EVP_MAC_CTX *ctx
      "buffer", // unsigned char *out
      "pointer", // size_t *outl
      "u32", // size_t outsize
    ],
    result: "i32",
  },

  /** On places known before. */
  EVP_MAC_init_again: {
    name: "EVP_MAC_init",
    parameters: [
      "pointer", // EVP_MAC_CTX *ctx
      "pointer", // const unsigned char *key
      "u32", // size_t keylen
      "pointer", // const OSSL_PARAM params[]
    ],
    result: "i32",
  },
  EVP_MAC_update_pointer: {
    name: "EVP_MAC_update",
    parameters: [
      "pointer", // EVP_MAC_CTX *ctx
      "pointer", // const unsigned char *data
      "u32", // size_t datalen
    ],
    result: "i32",
  },
  EVP_MAC_final_pointer: {
    name: "EVP_MAC_final",
    parameters: [
      "pointer", // EVP_MAC_CTX *ctx
      "pointer", // unsigned char *out
      "pointer", // size_t *outl
      "u32", // size_t outsize
    ],
    result: "i32",
  },

  EVP_PKEY_new_raw_private_key_ex: {
    parameters: [
      "pointer", // OSSL_LIB_CTX *libctx
      "buffer", // const char *keytype
      "pointer", // const char *propq
      "buffer", // const unsigned char *key
      "u32", // size_t keylen
    ],
    result: "pointer", // EVP_PKEY *
  },
  EVP_PKEY_new_raw_public_key_ex: {
    parameters: [
      "pointer", // OSSL_LIB_CTX *libctx
      "buffer", // const char *keytype
      "pointer", // const char *propq
      "buffer", // const unsigned char *key
      "u32", // size_t keylen
    ],
    result: "pointer", // EVP_PKEY *
  },
  EVP_PKEY_get_raw_public_key: {
    parameters: [
      "pointer", // const EVP_PKEY *pkey
      "buffer", // unsigned char *pub
      "buffer", // size_t *len
    ],
    result: "i32",
  },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" }, // EVP_PKEY *pkey
  EVP_PKEY_CTX_new: {
    parameters: [
      "pointer", // EVP_PKEY *pkey
      "pointer", // ENGINE *e
    ],
    result: "pointer", // EVP_PKEY_CTX *
  },
  EVP_PKEY_CTX_free: { parameters: ["pointer"], result: "void" }, // EVP_PKEY_CTX *ctx
  EVP_PKEY_derive_init: { parameters: ["pointer"], result: "i32" }, // EVP_PKEY_CTX *ctx
  EVP_PKEY_derive_set_peer: {
    parameters: [
      "pointer", // EVP_PKEY_CTX *ctx
      "pointer", // EVP_PKEY *peer
    ],
    result: "i32",
  },
  EVP_PKEY_derive: {
    parameters: [
      "pointer", // EVP_PKEY_CTX *ctx
      "buffer", // unsigned char *key
      "buffer", // size_t *keylen
    ],
    result: "i32",
  },

  BN_CTX_new: { parameters: [], result: "pointer" }, // BN_CTX *
  BN_new: { parameters: [], result: "pointer" }, // BIGNUM *
  BN_clear_free: { parameters: ["pointer"], result: "void" }, // BIGNUM *a
  BN_set_flags: {
    parameters: [
      "pointer", // BIGNUM *b
      "i32", // int n
    ],
    result: "void",
  },
  BN_bin2bn: {
    parameters: [
      "buffer", // const unsigned char *s
      "i32", // int len
      "pointer", // BIGNUM *ret
    ],
    result: "pointer", // BIGNUM *
  },
  BN_bn2binpad: {
    parameters: [
      "pointer", // const BIGNUM *a
      "buffer", // unsigned char *to
      "i32", // int tolen
    ],
    result: "i32",
  },
  BN_MONT_CTX_new: { parameters: [], result: "pointer" }, // BN_MONT_CTX *
  BN_MONT_CTX_set: {
    parameters: [
      "pointer", // BN_MONT_CTX *mont
      "pointer", // const BIGNUM *mod
      "pointer", // BN_CTX *ctx
    ],
    result: "i32",
  },
  BN_mod_exp_mont_consttime: {
    parameters: [
      "pointer", // BIGNUM *rr
      "pointer", // const BIGNUM *a
      "pointer", // const BIGNUM *p
      "pointer", // const BIGNUM *m
      "pointer", // BN_CTX *ctx
      "pointer", // BN_MONT_CTX *in_mont
    ],
    result: "i32",
  },

  OBJ_txt2nid: { parameters: ["buffer"], result: "i32" }, // const char *s
  EC_GROUP_new_by_curve_name: { parameters: ["i32"], result: "pointer" }, // int nid -> EC_GROUP *
  EC_GROUP_get0_order: { parameters: ["pointer"], result: "pointer" }, // const EC_GROUP *group -> const BIGNUM *
  EC_POINT_new: { parameters: ["pointer"], result: "pointer" }, // const EC_GROUP *group -> EC_POINT *
  EC_POINT_clear_free: { parameters: ["pointer"], result: "void" }, // EC_POINT *point
  EC_POINT_oct2point: {
    parameters: [
      "pointer", // const EC_GROUP *group
      "pointer", // EC_POINT *p
      "buffer", // const unsigned char *buf
      "u32", // size_t len
      "pointer", // BN_CTX *ctx
    ],
    result: "i32",
  },
  EC_POINT_is_at_infinity: {
    parameters: [
      "pointer", // const EC_GROUP *group
      "pointer", // const EC_POINT *p
    ],
    result: "i32",
  },
  EC_POINT_mul: {
    parameters: [
      "pointer", // const EC_GROUP *group
      "pointer", // EC_POINT *r
      "pointer", // const BIGNUM *n
      "pointer", // const EC_POINT *q
      "pointer", // const BIGNUM *m
      "pointer", // BN_CTX *ctx
    ],
    result: "i32",
  },
  EC_POINT_get_affine_coordinates: {
    parameters: [
      "pointer", // const EC_GROUP *group
      "pointer", // const EC_POINT *p
      "pointer", // BIGNUM *x
      "pointer", // BIGNUM *y
      "pointer", // BN_CTX *ctx
    ],
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

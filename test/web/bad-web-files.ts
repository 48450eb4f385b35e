/** Name, document, and the exact lines of the error without the file's name; DIR is the folder of the file and of the fixtures of test/fixtures/tls. */
export type BadWebFile = readonly [name: string, document: string, lines: readonly string[]];

/** exporter-toolkit refuses most of them too. */
export const BAD_WEB_FILES: readonly BadWebFile[] = [
  ['a list', '- tls_server_config\n', ['1:1: (whole file): expected a mapping, got a list']],
  [
    'junk, as exporter-toolkit tests it',
    'hWkNKCp3fvIx3jKnsaBI\n',
    ['1:1: (whole file): expected a mapping, got a single value'],
  ],
  [
    'an unknown section, as exporter-toolkit tests it',
    'cert_filse: server.crt\n',
    [
      '1:1: cert_filse: expected one of tls_server_config, http_server_config, basic_auth_users, rate_limit, got "cert_filse"',
    ],
  ],
  [
    'a misspelt section',
    'tls_server_configs:\n  cert_file: server.crt\n',
    ['1:1: tls_server_configs: expected a known key (did you mean tls_server_config?), got "tls_server_configs"'],
  ],
  ['two documents', 'rate_limit:\n---\nrate_limit:\n', ['2:1: (whole file): expected one document, got several']],
  [
    'a bracket left open',
    'basic_auth_users: {a: b\n',
    ['2:1: (whole file): expected valid YAML, got wrong indentation, or a bracket that is not closed'],
  ],
  ['a section twice', 'rate_limit:\nrate_limit:\n', ['2:1: rate_limit: expected once, got it again (first at 1:1)']],
  [
    '__proto__ as a section',
    '__proto__: {cert_file: server.crt}\n',
    [
      '1:1: __proto__: expected one of tls_server_config, http_server_config, basic_auth_users, rate_limit, got "__proto__"',
    ],
  ],
  [
    'a section that is text',
    'tls_server_config: yes please\n',
    ['1:20: tls_server_config: expected a mapping, got text'],
  ],
  [
    'a section that is a list',
    'basic_auth_users: [admin]\n',
    ['1:19: basic_auth_users: expected a mapping, got a list'],
  ],
  [
    'an unknown TLS key',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, passphrase: s3cret}\n',
    [
      '1:66: tls_server_config.passphrase: expected one of cert, key, client_ca, cert_file, key_file, client_auth_type, client_ca_file, client_allowed_sans, cipher_suites, curve_preferences, min_version, max_version, prefer_server_cipher_suites, got "passphrase"',
    ],
  ],
  [
    'a certificate without its key',
    'tls_server_config:\n  cert_file: server.crt\n',
    ["1:1: tls_server_config.key_file: expected a file with the certificate's private key (or key), got nothing"],
  ],
  [
    'a key without its certificate',
    'tls_server_config:\n  key_file: server.key\n',
    ["1:1: tls_server_config.cert_file: expected a file with the server's certificate (or cert), got nothing"],
  ],
  [
    'an empty certificate name',
    'tls_server_config:\n  cert_file: ""\n  key_file: server.key\n',
    ['2:3: tls_server_config.cert_file: expected a value (leave the key out when there is none), got nothing'],
  ],
  [
    'an empty key name',
    'tls_server_config:\n  cert_file: server.crt\n  key_file: ""\n',
    ['3:3: tls_server_config.key_file: expected a value (leave the key out when there is none), got nothing'],
  ],
  [
    'both names empty',
    'tls_server_config:\n  cert_file: ""\n  key_file: ""\n',
    [
      '2:3: tls_server_config.cert_file: expected a value (leave the key out when there is none), got nothing',
      '3:3: tls_server_config.key_file: expected a value (leave the key out when there is none), got nothing',
    ],
  ],
  [
    'sections that are written and empty',
    'tls_server_config:\nbasic_auth_users: {}\nrate_limit:\n',
    [
      '1:1: tls_server_config: expected a value (leave the key out when there is none), got nothing',
      '2:1: basic_auth_users: expected a value (leave the key out when there is none), got an empty mapping',
      '3:1: rate_limit: expected a value (leave the key out when there is none), got nothing',
    ],
  ],
  [
    'sections whose keys are empty',
    'tls_server_config: {cert_file: , key_file: }\nrate_limit: {interval: , burst: }\n',
    [
      '1:21: tls_server_config.cert_file: expected a value (leave the key out when there is none), got nothing',
      '1:34: tls_server_config.key_file: expected a value (leave the key out when there is none), got nothing',
      '2:14: rate_limit.interval: expected a value (leave the key out when there is none), got nothing',
      '2:26: rate_limit.burst: expected a value (leave the key out when there is none), got nothing',
    ],
  ],
  [
    'an empty name of a client CA',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ""}\n',
    ['1:112: tls_server_config.client_ca_file: expected a value (leave the key out when there is none), got nothing'],
  ],
  [
    'an empty client CA',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca: ""}\n',
    ['1:112: tls_server_config.client_ca: expected a value (leave the key out when there is none), got nothing'],
  ],
  [
    'a client CA of blanks',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: VerifyClientCertIfGiven, client_ca: "  "}\n',
    ['1:109: tls_server_config.client_ca: expected a value (leave the key out when there is none), got nothing'],
  ],
  [
    'an empty name of a client CA beside one',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca: ca.crt, client_ca_file: }\n',
    ['1:131: tls_server_config.client_ca_file: expected a value (leave the key out when there is none), got nothing'],
  ],
  [
    'no value for the allowed names',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt, client_allowed_sans: }\n',
    [
      '1:136: tls_server_config.client_allowed_sans: expected a value (leave the key out when there is none), got nothing',
    ],
  ],
  [
    'no value for the type of client authentication',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: }\n',
    ['1:66: tls_server_config.client_auth_type: expected a value (leave the key out when there is none), got nothing'],
  ],
  [
    'an empty allowed name',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt, client_allowed_sans: [""]}\n',
    ['1:157: tls_server_config.client_allowed_sans: expected at least one name, got an empty one'],
  ],
  [
    'no cipher suite',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, cipher_suites: []}\n',
    ['1:81: tls_server_config.cipher_suites: expected at least one name, got an empty list'],
  ],
  [
    'only a TLS version',
    'tls_server_config: {min_version: TLS13}\n',
    [
      "1:1: tls_server_config.cert_file: expected a file with the server's certificate (or cert), got nothing",
      "1:1: tls_server_config.key_file: expected a file with the certificate's private key (or key), got nothing",
    ],
  ],
  [
    'a certificate twice',
    'tls_server_config: {cert: "-----BEGIN", cert_file: server.crt, key_file: server.key}\n',
    ['1:52: tls_server_config.cert_file: expected cert or cert_file, got both'],
  ],
  [
    'a certificate that is not there',
    'tls_server_config: {cert_file: somefile, key_file: server.key}\n',
    ['1:32: tls_server_config.cert_file: expected a file, got nothing of that name ("DIR/somefile")'],
  ],
  [
    'a key that is not there',
    'tls_server_config: {cert_file: server.crt, key_file: /nowhere/server.key}\n',
    ['1:54: tls_server_config.key_file: expected a file, got nothing of that name ("/nowhere/server.key")'],
  ],
  [
    'neither is there',
    'tls_server_config: {cert_file: somefile, key_file: somefile}\n',
    [
      '1:32: tls_server_config.cert_file: expected a file, got nothing of that name ("DIR/somefile")',
      '1:52: tls_server_config.key_file: expected a file, got nothing of that name ("DIR/somefile")',
    ],
  ],
  [
    'a device as the certificate',
    'tls_server_config: {cert_file: /dev/zero, key_file: server.key}\n',
    ['1:32: tls_server_config.cert_file: expected a regular file, got a device ("/dev/zero")'],
  ],
  [
    'a folder as the key',
    'tls_server_config: {cert_file: server.crt, key_file: .}\n',
    ['1:54: tls_server_config.key_file: expected a regular file, got a directory ("DIR")'],
  ],
  [
    'a list of certificates',
    'tls_server_config: {cert_file: [server.crt], key_file: server.key}\n',
    ['1:32: tls_server_config.cert_file: expected a file name, got a list'],
  ],
  [
    'certificate and key swapped',
    'tls_server_config: {cert_file: server.key, key_file: server.crt}\n',
    [
      '1:32: tls_server_config.cert_file: expected certificates in PEM, got text without one',
      '1:54: tls_server_config.key_file: expected a private key in PEM, got text without one',
    ],
  ],
  [
    'the key of another certificate',
    'tls_server_config: {cert_file: server.crt, key_file: rotated.key}\n',
    ["1:54: tls_server_config.key_file: expected the certificate's private key, got the key of another one"],
  ],
  [
    'a key with a passphrase',
    'tls_server_config: {cert_file: server.crt, key_file: encrypted.key}\n',
    ['1:54: tls_server_config.key_file: expected a private key without a passphrase, got an encrypted one'],
  ],
  [
    'a broken certificate',
    'tls_server_config: {cert_file: broken.crt, key_file: server.key}\n',
    [
      '1:32: tls_server_config.cert_file: expected certificates in PEM, got a broken one (number 1, ERR_OSSL_ASN1_TOO_LONG)',
    ],
  ],
  [
    'a broken key',
    'tls_server_config: {cert_file: server.crt, key: "-----BEGIN PRIVATE KEY-----\\nc2VjcmV0\\n-----END PRIVATE KEY-----\\n"}\n',
    ['1:49: tls_server_config.key: expected a private key in PEM, got a broken one (ERR_OSSL_UNSUPPORTED)'],
  ],
  [
    'an inline key that is a password',
    'tls_server_config: {cert_file: server.crt, key: hunter2}\n',
    ['1:49: tls_server_config.key: expected a private key in PEM, got text without one'],
  ],
  [
    'TLS 1.0',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, min_version: TLS10}\n',
    ['1:79: tls_server_config.min_version: expected TLS12 or TLS13 (older versions are not served), got "TLS10"'],
  ],
  [
    'TLS 1.1',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, min_version: TLS11}\n',
    ['1:79: tls_server_config.min_version: expected TLS12 or TLS13 (older versions are not served), got "TLS11"'],
  ],
  [
    'an invented TLS version',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, min_version: TLS111}\n',
    ['1:79: tls_server_config.min_version: expected TLS12 or TLS13 (older versions are not served), got "TLS111"'],
  ],
  [
    'a number as TLS version',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, max_version: 1.3}\n',
    ['1:79: tls_server_config.max_version: expected TLS12 or TLS13 (older versions are not served), got 1.3'],
  ],
  [
    'versions crossed',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, min_version: TLS13, max_version: TLS12}\n',
    ['1:99: tls_server_config.max_version: expected no less than min_version, got "TLS12"'],
  ],
  [
    'an invented cipher',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_257_GCM_SHA384]}\n',
    [
      '1:121: tls_server_config.cipher_suites.1: expected a cipher suite (did you mean TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384?), got "TLS_ECDHE_RSA_WITH_AES_257_GCM_SHA384"',
    ],
  ],
  [
    "OpenSSL's name of a cipher",
    'tls_server_config: {cert_file: server.crt, key_file: server.key, cipher_suites: [ECDHE-RSA-AES128-GCM-SHA256]}\n',
    [
      '1:82: tls_server_config.cipher_suites.0: expected a cipher suite (did you mean TLS_AES_128_GCM_SHA256?), got "ECDHE-RSA-AES128-GCM-SHA256"',
    ],
  ],
  [
    'a cipher without forward secrecy',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA], max_version: TLS12}\n',
    [
      '1:82: tls_server_config.cipher_suites.0: expected a cipher suite (did you mean TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA?), got "TLS_RSA_WITH_AES_128_CBC_SHA"',
    ],
  ],
  [
    'a cipher list that HTTP/2 forbids',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA]}\n',
    [
      '1:81: tls_server_config.cipher_suites: expected TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or its ECDSA twin among them, or http2: false, got neither',
    ],
  ],
  [
    'ciphers as text',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, cipher_suites: TLS_AES_128_GCM_SHA256}\n',
    [
      '1:81: tls_server_config.cipher_suites: expected a list of names, each a cipher suite, got "TLS_AES_128_GCM_SHA256"',
    ],
  ],
  [
    'a cipher that is a mapping',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, cipher_suites: [{TLS_AES_128_GCM_SHA256: 1}]}\n',
    [
      '1:81: tls_server_config.cipher_suites: expected a list of names, each a cipher suite, got a list with something else in it',
    ],
  ],
  [
    'an invented curve',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, curve_preferences: [CurveP257]}\n',
    ['1:86: tls_server_config.curve_preferences.0: expected a curve (did you mean CurveP256?), got "CurveP257"'],
  ],
  [
    "OpenSSL's name of a curve",
    'tls_server_config: {cert_file: server.crt, key_file: server.key, curve_preferences: [secp384r1]}\n',
    [
      '1:86: tls_server_config.curve_preferences.0: expected one of CurveP256, CurveP384, CurveP521, X25519, got "secp384r1"',
    ],
  ],
  [
    'a word for a switch',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, prefer_server_cipher_suites: maybe}\n',
    ['1:95: tls_server_config.prefer_server_cipher_suites: expected true or false, got "maybe"'],
  ],
  [
    'a client CA without client authentication',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt}\n',
    [
      '1:1: tls_server_config.client_auth_type: expected RequireAndVerifyClientCert or another type beside a client CA, got NoClientCert',
    ],
  ],
  [
    "exporter-toolkit's client CA /dev/null without a policy",
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: /dev/null}\n',
    [
      '1:1: tls_server_config.client_auth_type: expected RequireAndVerifyClientCert or another type beside a client CA, got NoClientCert',
      '1:82: tls_server_config.client_ca_file: expected a regular file, got a device ("/dev/null")',
    ],
  ],
  [
    'a client CA and no authentication in words',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: NoClientCert, client_ca_file: ca.crt}\n',
    [
      '1:84: tls_server_config.client_auth_type: expected RequireAndVerifyClientCert or another type beside a client CA, got NoClientCert',
    ],
  ],
  [
    'client authentication without a CA',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert}\n',
    [
      '1:1: tls_server_config.client_ca_file: expected a file with the authority of the clients (or client_ca) for RequireAndVerifyClientCert, got nothing',
    ],
  ],
  [
    'an invented client authentication',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: VerifyClientCert, client_ca_file: ca.crt}\n',
    [
      '1:84: tls_server_config.client_auth_type: expected one of NoClientCert, RequestClientCert, RequireClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert, got "VerifyClientCert"',
    ],
  ],
  [
    'a client CA that is not there',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: somefile}\n',
    ['1:128: tls_server_config.client_ca_file: expected a file, got nothing of that name ("DIR/somefile")'],
  ],
  [
    'a client CA without certificates',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca: this is not a PEM encoded certificate}\n',
    ['1:123: tls_server_config.client_ca: expected certificates in PEM, got text without one'],
  ],
  [
    'a key as the client CA',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: server.key}\n',
    ['1:128: tls_server_config.client_ca_file: expected certificates in PEM, got text without one'],
  ],
  [
    'allowed names without authentication',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_allowed_sans: [prometheus.example]}\n',
    [
      '1:87: tls_server_config.client_allowed_sans: expected client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert beside it, got NoClientCert',
    ],
  ],
  [
    'allowed names with an optional certificate',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.crt, client_allowed_sans: [a]}\n',
    [
      '1:154: tls_server_config.client_allowed_sans: expected client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert beside it, got VerifyClientCertIfGiven',
    ],
  ],
  [
    'no allowed name',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt, client_allowed_sans: []}\n',
    ['1:157: tls_server_config.client_allowed_sans: expected at least one name, got an empty list'],
  ],
  [
    'allowed names as text',
    'tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt, client_allowed_sans: a}\n',
    ['1:157: tls_server_config.client_allowed_sans: expected a list of names, got "a"'],
  ],
  [
    'an unknown HTTP key',
    'http_server_config: {http3: true}\n',
    ['1:22: http_server_config.http3: expected a known key (did you mean http2?), got "http3"'],
  ],
  [
    'HTTP/2 as a word',
    'http_server_config: {http2: perhaps}\n',
    ['1:29: http_server_config.http2: expected true or false, got "perhaps"'],
  ],
  [
    'a header that is not to be set',
    'http_server_config:\n  headers:\n    Server: cinder\n',
    [
      '3:5: http_server_config.headers.Server: expected one of Content-Security-Policy, X-Frame-Options, X-Content-Type-Options, X-XSS-Protection, Strict-Transport-Security, got "Server"',
    ],
  ],
  [
    'a header in lower case',
    'http_server_config: {headers: {x-frame-options: deny}}\n',
    [
      '1:32: http_server_config.headers.x-frame-options: expected a known key (did you mean X-Frame-Options?), got "x-frame-options"',
    ],
  ],
  [
    'frame options from elsewhere',
    'http_server_config: {headers: {X-Frame-Options: allow-from example.com}}\n',
    ['1:49: http_server_config.headers.X-Frame-Options: expected deny or sameorigin, got "allow-from example.com"'],
  ],
  [
    'frame options in capitals',
    'http_server_config: {headers: {X-Frame-Options: DENY}}\n',
    ['1:49: http_server_config.headers.X-Frame-Options: expected deny or sameorigin, got "DENY"'],
  ],
  [
    'content type options',
    'http_server_config: {headers: {X-Content-Type-Options: sniff}}\n',
    ['1:56: http_server_config.headers.X-Content-Type-Options: expected nosniff, got "sniff"'],
  ],
  [
    'a header with a line break',
    'http_server_config: {headers: {X-XSS-Protection: "1\\r\\nSet-Cookie: a=b"}}\n',
    ['1:50: http_server_config.headers.X-XSS-Protection: expected text for one line, got "1\\r\\nSet-Cookie: a=b"'],
  ],
  [
    'a header as a list',
    'http_server_config: {headers: {Content-Security-Policy: [self]}}\n',
    ['1:57: http_server_config.headers.Content-Security-Policy: expected text for one line, got a list'],
  ],
  [
    'headers as a list',
    'http_server_config: {headers: [X-Frame-Options]}\n',
    ['1:31: http_server_config.headers: expected a mapping, got a list'],
  ],
  [
    'a password instead of a hash',
    'basic_auth_users:\n  john: doe\n',
    ['2:9: basic_auth_users.john: expected a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters), got something else'],
  ],
  [
    'a number as the password',
    'basic_auth_users: {john: 12345}\n',
    ['1:26: basic_auth_users.john: expected a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters), got something else'],
  ],
  [
    'a user without a hash',
    'basic_auth_users:\n  john:\n',
    ['2:8: basic_auth_users.john: expected a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters), got nothing'],
  ],
  [
    'a truncated hash',
    'basic_auth_users: {john: $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7z}\n',
    ['1:26: basic_auth_users.john: expected a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters), got a damaged one'],
  ],
  [
    'a hash of another kind',
    'basic_auth_users: {john: $apr1$u5C1JVNm$PVj0y/QvOaMIAvr9Z9Zq5.}\n',
    ['1:26: basic_auth_users.john: expected a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters), got something else'],
  ],
  [
    'a hash of cost 3',
    'basic_auth_users: {john: $2y$03$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG}\n',
    ['1:26: basic_auth_users.john: expected a bcrypt hash of cost 4 to 16, got cost 3'],
  ],
  [
    'a hash of cost 31',
    'basic_auth_users: {john: $2y$31$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG}\n',
    ['1:26: basic_auth_users.john: expected a bcrypt hash of cost 4 to 16, got cost 31'],
  ],
  [
    'a hash in a list',
    'basic_auth_users: {john: [$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG]}\n',
    ['1:26: basic_auth_users.john: expected a bcrypt hash, got a list'],
  ],
  [
    'a user name with a colon',
    'basic_auth_users: {"jo:hn": $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG}\n',
    ['1:20: basic_auth_users."jo:...": expected a user name without ":", got one that cannot be sent'],
  ],
  [
    'an unknown rate key',
    'rate_limit: {intervals: 1s}\n',
    ['1:14: rate_limit.intervals: expected a known key (did you mean interval?), got "intervals"'],
  ],
  [
    'an interval without a unit',
    'rate_limit: {interval: 1, burst: 2}\n',
    ['1:24: rate_limit.interval: expected a duration such as 1s or 100ms, got 1 without a unit'],
  ],
  [
    'a negative interval',
    'rate_limit: {interval: -1s, burst: 2}\n',
    ['1:24: rate_limit.interval: expected a duration such as 1s or 100ms, got "-1s"'],
  ],
  [
    'an interval without a burst',
    'rate_limit: {interval: 1s}\n',
    ['1:1: rate_limit.burst: expected a whole number of at least 1, got nothing'],
  ],
  [
    'a burst of nothing',
    'rate_limit: {interval: 1s, burst: 0}\n',
    ['1:35: rate_limit.burst: expected a whole number of at least 1, got 0'],
  ],
  [
    'half a burst',
    'rate_limit: {interval: 1s, burst: 1.5}\n',
    ['1:35: rate_limit.burst: expected a whole number, got 1.5'],
  ],
  [
    'problems in three sections',
    'tls_server_config: {min_version: TLS10}\nbasic_auth_users: {a: b}\nrate_limit: {burst: many}\n',
    [
      "1:1: tls_server_config.cert_file: expected a file with the server's certificate (or cert), got nothing",
      "1:1: tls_server_config.key_file: expected a file with the certificate's private key (or key), got nothing",
      '1:34: tls_server_config.min_version: expected TLS12 or TLS13 (older versions are not served), got "TLS10"',
      '2:23: basic_auth_users.a: expected a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters), got something else',
      '3:21: rate_limit.burst: expected a whole number, got "many"',
    ],
  ],
];

" Vim syntax file
" Language: iked.conf(5)
" Made by scripts/editors.ts from the words of the language: deno task docs

if exists("b:current_syntax")
  finish
endif
let s:cpo = &cpo
set cpo&vim

syn case match
syn sync fromstart
syn iskeyword @,48-57,_,-,.

syn keyword ikedStatement ikev2 include radius set user
syn keyword ikedClause active ah childsa config default dstid eap ecdsa256 ecdsa384 ecdsa521 esp
syn keyword ikedClause from iface ikelifetime ikesa inet inet6 ipcomp lifetime local natt passive
syn keyword ikedClause peer proto psk quick rdomain request rfc7427 rsa signature skip srcid tag tap
syn keyword ikedClause to transport tunnel
syn keyword ikedOption cert_partial_chain couple datapath decouple dpd_check_interval
syn keyword ikedOption enforcesingleikesa fragmentation mobike noenforcesingleikesa nofragmentation
syn keyword ikedOption nomobike nostickyaddress novendorid ocsp stickyaddress vendorid
syn keyword ikedInner accounting auth bytes client dae enc esn file group listen max-failovers
syn keyword ikedInner max-tries maxage noesn on port prf secret server tolerate
syn keyword ikedValue access-server address any dhcp-server dynamic mschap-v2 name-server
syn keyword ikedValue netbios-server netmask none pfkey protected-subnet userland xfrm
syn keyword ikedInsecure 3des 3des-cbc blowfish cast des ec155 ec185 ec2n155 ec2n185 grp1 grp2 grp22
syn keyword ikedInsecure grp23 grp24 grp3 grp4 grp5 hmac-md5 modp1024 modp1024-160 modp1536
syn keyword ikedInsecure modp2048-224 modp2048-256 modp768
syn keyword ikedAlgorithm aes-128 aes-128-ccm aes-128-ccm-12 aes-128-ccm-8 aes-128-ctr aes-128-gcm
syn keyword ikedAlgorithm aes-128-gcm-12 aes-128-gcm-8 aes-128-gmac aes-192 aes-192-ccm
syn keyword ikedAlgorithm aes-192-ccm-12 aes-192-ccm-8 aes-192-ctr aes-192-gcm aes-192-gcm-12
syn keyword ikedAlgorithm aes-192-gcm-8 aes-192-gmac aes-256 aes-256-ccm aes-256-ccm-12
syn keyword ikedAlgorithm aes-256-ccm-8 aes-256-ctr aes-256-gcm aes-256-gcm-12 aes-256-gcm-8
syn keyword ikedAlgorithm aes-256-gmac aes-cmac aes-ctr aes-xcbc brainpool224 brainpool256
syn keyword ikedAlgorithm brainpool384 brainpool512 chacha20-poly1305 curve25519 curve448 ec192
syn keyword ikedAlgorithm ec224 ec256 ec384 ec521 ecp192 ecp224 ecp256 ecp384 ecp521 grp14 grp15
syn keyword ikedAlgorithm grp16 grp17 grp18 grp19 grp20 grp21 grp25 grp26 grp27 grp28 grp29 grp30
syn keyword ikedAlgorithm grp31 grp32 hmac-sha1 hmac-sha2-256 hmac-sha2-384 hmac-sha2-512 modp2048
syn keyword ikedAlgorithm modp3072 modp4096 modp6144 modp8192 null sntrup761x25519

syn match ikedNumber "\<\d\+[mhdKMG]\?\>"
syn match ikedNumber "\<0x\x\+\>"
syn match ikedAddress "\<\d\{1,3}\%(\.\d\{1,3}\)\{3}\%(/\d\{1,2}\)\?"
syn match ikedAddress "\<\x*:\x*:[0-9A-Fa-f:.]*\%(/\d\{1,3}\)\?"
syn match ikedVariable "\$\w\+"
syn match ikedMacro "^\s*\w\+\ze\s*="
syn match ikedContinuation "\\$"
syn match ikedEscape "\\[\"' \t]" contained
syn region ikedString start=+"+ skip=+\\"+ end=+"+ contains=ikedEscape
syn region ikedString start=+'+ skip=+\\'+ end=+'+ contains=ikedEscape
syn region ikedComment start="#" skip="\\$" end="$"

hi def link ikedStatement Statement
hi def link ikedClause Type
hi def link ikedOption Type
hi def link ikedInner Keyword
hi def link ikedValue Constant
hi def link ikedInsecure Todo
hi def link ikedAlgorithm Constant
hi def link ikedComment Comment
hi def link ikedString String
hi def link ikedEscape SpecialChar
hi def link ikedMacro Identifier
hi def link ikedVariable Identifier
hi def link ikedContinuation Special
hi def link ikedNumber Number
hi def link ikedAddress Number

let b:current_syntax = "iked"
let &cpo = s:cpo
unlet s:cpo

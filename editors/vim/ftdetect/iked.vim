au BufRead,BufNewFile iked.conf,iked.conf.*,*/iked/*.conf setfiletype iked

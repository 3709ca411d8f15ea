"""Captures: nanosecond pcap files of raw IPv4/UDP frames, as stock tools read them."""

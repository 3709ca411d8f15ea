"""Rules for how long records stay, holds, restrictions, deletion with evidence."""

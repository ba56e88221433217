"""The use of value: revealing a code, looking a card up, spending it in parts, giving value back."""

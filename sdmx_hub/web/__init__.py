"""The web room: the doors of the hub. SDMX REST v1 and v2, pages for people, administration, health.

A door is thin: it parses, asks the rooms below, and streams what they give. It holds no rule of SDMX and no SQL, and it
never branches on a format or an API version once these are chosen: each API family is a value (``rest.Family``) and
each format a row of a table. Pages are made on the server and read without scripts; charts are drawn here as inline SVG
rather than by a library in the browser, so that a slow line, a screen reader and a strict content security policy all
get the same page. Nothing is global: ``create_app`` is given everything it serves.
"""

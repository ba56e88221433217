"""Work after the commit. The only room that knows arq; PostgreSQL knows the work, Redis only rings the bell."""

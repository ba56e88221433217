-- What an inspection found: by which checklist, item by item, the grade, what is missing, and what becomes of the goods.
-- It is never changed: who looks again writes another one, and the latest is the one that counts.

CREATE TABLE inspections (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  category text COLLATE "C" NOT NULL, -- of the checklist
  items jsonb NOT NULL CHECK (jsonb_typeof(items) = 'array' AND items <> '[]'), -- each with its code and whether it is well
  missing text[] COLLATE "C" NOT NULL, -- accessories
  complete boolean GENERATED ALWAYS AS (cardinality(missing) = 0) STORED,
  grade text COLLATE "C" NOT NULL CHECK (grade IN ('A', 'B', 'C', 'D')),
  acceptable boolean NOT NULL, -- by the policy of that day
  disposition text COLLATE "C" NOT NULL CHECK (disposition IN ('restock', 'repair', 'dispose')),
  inspected_by text COLLATE "C" NOT NULL CHECK (inspected_by NOT LIKE 'cus\_%'), -- nobody grades what he sends back
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id),
  CHECK (grade <> 'D' OR disposition <> 'restock') -- what is broken is sold to nobody
);
CREATE INDEX inspections_case ON inspections (merchant_id, case_id, id);

-- The files that show it.
CREATE TABLE inspection_evidence (
  merchant_id text COLLATE "C" NOT NULL,
  inspection_id text COLLATE "C" NOT NULL,
  evidence_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (merchant_id, inspection_id, evidence_id),
  FOREIGN KEY (merchant_id, inspection_id) REFERENCES inspections (merchant_id, id),
  FOREIGN KEY (merchant_id, evidence_id) REFERENCES evidence (merchant_id, id)
);

SELECT guard_tenant_table(name) FROM unnest(ARRAY['inspections', 'inspection_evidence']::regclass[]) AS name;
SELECT make_append_only(name) FROM unnest(ARRAY['inspections', 'inspection_evidence']::regclass[]) AS name;
GRANT SELECT, INSERT ON inspections, inspection_evidence TO compensation_app;

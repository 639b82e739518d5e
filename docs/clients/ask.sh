#!/bin/sh
# Usage: ask.sh [URL]; MLKIT_TOKEN holds the token, where the server asks for one.
url=${1:-http://127.0.0.1:8000}
curl --silent --show-error --fail-with-body --retry 5 \
  --header "Authorization: Bearer ${MLKIT_TOKEN:-none}" \
  --json '{
    "rows": [{
      "island": "Torgersen", "bill_length_mm": 39.1, "bill_depth_mm": 18.7,
      "flipper_length_mm": 181, "body_mass_g": 3750, "sex": "male", "year": 2007
    }]
  }' \
  "$url/v1/predict"

// Usage: kotlinc Ask.kt -include-runtime -d ask.jar && java -jar ask.jar [URL]
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.util.UUID

fun predict(url: String, rows: String, token: String? = System.getenv("MLKIT_TOKEN")): String {
    val id = UUID.randomUUID()
    val request = HttpRequest.newBuilder(URI("$url/v1/predict"))
        .header("content-type", "application/json")
        .apply { token?.let { header("authorization", "Bearer $it") } }
        .POST(HttpRequest.BodyPublishers.ofString("""{"id": "$id", "rows": $rows}"""))
        .build()
    val client = HttpClient.newHttpClient()
    repeat(6) {
        val reply = client.send(request, BodyHandlers.ofString())
        if (reply.statusCode() == 200) return reply.body()
        check(reply.statusCode() == 503) { reply.body() }
        Thread.sleep(1000L * reply.headers().firstValueAsLong("retry-after").orElse(1))
    }
    error("the server stays busy")
}

fun main(args: Array<String>) {
    val penguin = """[{
        "island": "Torgersen", "bill_length_mm": 39.1, "bill_depth_mm": 18.7,
        "flipper_length_mm": 181, "body_mass_g": 3750, "sex": "male", "year": 2007
    }]"""
    println(predict(args.firstOrNull() ?: "http://127.0.0.1:8000", penguin))
}
